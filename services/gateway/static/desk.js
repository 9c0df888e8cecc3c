// The newsletter desk: what is written saves itself, and what others do appears. Everything works without this file.
(() => {
  const desk = document.querySelector("[data-desk]");
  const PAUSE = 800;
  let mark = desk.dataset.mark;
  const timers = new WeakMap();
  const under_way = new WeakMap();

  const say = (text) => (desk.querySelector("[data-desk-status]").textContent = text);
  const piece = (html) => new DOMParser().parseFromString(html, "text/html");
  const written = (form) => [...form.querySelectorAll("[data-own]")];
  const is_dirty = (form) => Boolean(form) && written(form).some((field) => field.value !== field.defaultValue);
  const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

  // Saving: one request a form at a time, so that a version is never used twice.
  const save = async (form) => {
    if (!form.isConnected || !is_dirty(form)) return;
    const values = written(form).map((field) => [field, field.value]);
    say("Saving…");
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "hx-request": "true" },
    }).catch(() => null);
    const fresh = answer?.status === 200 && piece(await answer.text()).querySelector("[data-card]");
    if (!fresh) return say("Not saved yet: press Save to see why.");
    if ("conflict" in fresh.dataset) {
      form.closest("[data-card]").replaceWith(fresh);
      fresh.querySelector("[name=headline], [name=title]").focus();
      return say("Somebody else wrote here first. Compare the two.");
    }
    form.elements.version.value = fresh.dataset.version;
    const card = form.closest("[data-card]");
    card.dataset.seen = fresh.dataset.seen;
    card.dataset.version = fresh.dataset.version;
    for (const [field, value] of values) field.defaultValue = value;
    say(`Saved ${clock()}`);
  };
  const soon = (form) => {
    clearTimeout(timers.get(form));
    timers.set(
      form,
      setTimeout(() => under_way.set(form, (under_way.get(form) ?? Promise.resolve()).then(() => save(form))), PAUSE),
    );
  };
  desk.addEventListener("input", (event) => {
    const form = event.target.closest("[data-autosave]");
    if (form && event.target.matches("[data-own]")) soon(form);
  });
  // A button pressed elsewhere first saves what is still being written.
  const unsaved = (but) => [...desk.querySelectorAll("[data-autosave]")].filter((form) => form !== but && is_dirty(form));
  document.addEventListener("submit", async (event) => {
    const open = unsaved(event.target);
    if (!open.length) return;
    event.preventDefault();
    await Promise.all(open.map(save));
    if (!unsaved(event.target).length) event.target.requestSubmit(event.submitter);
  });
  addEventListener("beforeunload", (event) => {
    if (unsaved(document.activeElement?.closest("form")).length) event.preventDefault();
  });

  // Others' changes: a card that is being written in stays; all the others become what they are now.
  const is_kept = (old, fresh) =>
    old && ("conflict" in old.dataset || [...old.querySelectorAll("form")].some(is_dirty) || old.dataset.seen === fresh.dataset.seen);
  const put = (fresh) => {
    const old = document.getElementById(fresh.id);
    if (is_kept(old, fresh)) return old;
    const was_open = old?.querySelector("details")?.open;
    if (was_open) fresh.querySelector("details")?.setAttribute("open", "");
    return fresh;
  };
  const refresh = async (by) => {
    const answer = await fetch(desk.dataset.items, { headers: { "hx-request": "true" } }).catch(() => null);
    if (answer?.status !== 200) return;
    const page = piece(await answer.text());
    const active = document.activeElement;
    const held = active?.id && { id: active.id, from: active.selectionStart, to: active.selectionEnd };
    for (const card of page.querySelectorAll("[data-desk-items] [data-card]")) {
      const chosen = put(card);
      if (chosen !== card) card.replaceWith(chosen);
    }
    const words = page.querySelector("#words");
    const chosen = put(words);
    if (chosen === words) document.getElementById("words").replaceWith(words);
    desk.querySelector("[data-desk-items]").replaceChildren(...page.querySelector("[data-desk-items]").children);
    const again = held && document.getElementById(held.id);
    if (again && again !== document.activeElement) {
      again.focus({ preventScroll: true });
      if (held.from !== null && again.setSelectionRange) again.setSelectionRange(held.from, held.to);
    }
    if (by) say(`${by} changed something just now.`);
  };
  new EventSource(desk.dataset.desk).addEventListener("message", (event) => {
    const told = JSON.parse(event.data);
    if (told.status !== "draft") return say(`The issue is ${told.status} now. Load the page again.`);
    if (told.mark === mark) return;
    mark = told.mark;
    refresh(told.edited_by === desk.dataset.me ? "" : told.edited_by_name || "Somebody");
  });
})();
