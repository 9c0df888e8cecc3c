// What is written into a long form is kept in this browser until it is sent, so that a closed tab or a lost connection
// loses nothing. It is offered when the form is opened again, never put back unasked, and forgotten when it was sent,
// after a week, and when somebody signs out. Everything works without this file.
(() => {
  const WEEK = 7 * 24 * 3600 * 1000;
  const PAUSE = 500;
  const PREFIX = "tidings-draft:";
  const SENT = "tidings-draft-sent";
  const NEVER = /^(hidden|password|file|submit|button|checkbox|radio)$/;
  const reader = document.querySelector("[data-reader]")?.dataset.reader ?? "";
  if (!reader) return;

  const store = (use) => {
    try {
      return use(localStorage);
    } catch {
      return null; // a browser may refuse to keep anything
    }
  };
  const all = () => store((kept) => Object.keys(kept).filter((name) => name.startsWith(PREFIX))) ?? [];
  const forget = (name) => store((kept) => kept.removeItem(name));
  const read = (name) => {
    try {
      return JSON.parse(store((kept) => kept.getItem(name)));
    } catch {
      return null;
    }
  };
  const fields = (form) => [...form.elements].filter((field) => field.name && "value" in field && !NEVER.test(field.type) && field.tagName !== "BUTTON");
  const written = (form) => Object.fromEntries(fields(form).map((field) => [field.name, field.value]));
  const is_changed = (form) =>
    fields(form).some((field) => (field.options ? !field.options[field.selectedIndex]?.defaultSelected && field.selectedIndex > 0 : field.value !== field.defaultValue));

  for (const name of all()) if (Date.now() - (read(name)?.at ?? 0) > WEEK) forget(name);
  if (document.querySelector(".tidings-done")) store((kept) => (kept.removeItem(kept.getItem(SENT)), kept.removeItem(SENT)));

  const offer = (form, name, draft) => {
    const note = document.createElement("div");
    note.className = "nhsuk-inset-text tidings-inset";
    note.setAttribute("role", "status");
    const at = new Date(draft.at).toLocaleString("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
    note.innerHTML = `<p>What you wrote here on <span></span> was kept, and not sent.</p><div class="tidings-actions nhsuk-u-margin-bottom-0"><button type="button" class="nhsuk-button nhsuk-button--secondary nhsuk-button--small">Put it back</button><button type="button" class="nhsuk-button nhsuk-button--secondary nhsuk-button--small">Forget it</button></div>`;
    note.querySelector("span").textContent = at;
    const [back, away] = note.querySelectorAll("button");
    back.addEventListener("click", () => {
      for (const field of fields(form)) if (field.name in draft.values) field.value = draft.values[field.name];
      note.remove();
      fields(form)[0]?.focus();
    });
    away.addEventListener("click", () => {
      forget(name);
      note.remove();
    });
    form.before(note);
  };

  const keep = (form, place) => {
    const name = `${PREFIX}${reader}:${location.pathname}:${place}`;
    const draft = read(name);
    const differs = draft && Object.entries(draft.values).some(([field, value]) => form.elements[field] && form.elements[field].value !== value);
    if (differs && !document.querySelector(".nhsuk-error-summary")) offer(form, name, draft);
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (is_changed(form)) store((kept) => kept.setItem(name, JSON.stringify({ at: Date.now(), values: written(form) })));
        else forget(name);
      }, PAUSE);
    });
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      if (is_changed(form)) store((kept) => kept.setItem(name, JSON.stringify({ at: Date.now(), values: written(form) })));
      if (event.submitter?.name !== "preview") store((kept) => kept.setItem(SENT, name));
    });
  };

  addEventListener("DOMContentLoaded", () => {
    const long = [...document.querySelectorAll("main form[method=post]")].filter((form) => form.querySelector("textarea") && !form.matches("[data-autosave]"));
    long.forEach(keep);
    document.querySelector("form[action='/sign-out']")?.addEventListener("submit", () => all().forEach(forget));
  });
})();
