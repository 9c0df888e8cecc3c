// Keyboard shortcuts, the sheet that lists them, and the way from a search box through what it found.
// Single letters disturb whoever speaks to the computer, so they can be turned off (WCAG 2.1.4): on /help/keyboard,
// and the browser remembers it. Everything works without this file.
(() => {
  const OFF = "tidings-keys-off";
  const PLACES = {
    h: "/", n: "/networks", e: "/events", l: "/leads", a: "/alerts", m: "/me", o: "/oversight", s: "/staff",
    d: "/staff/newsletter", f: "/staff/failures",
  };
  const LINES = "main .tidings-line__text a, main .tidings-result h2 a, main .tidings-found a, main tbody th a, main tbody td:first-child a";
  const SECOND_KEY = 1500;
  let gone = 0;

  const kept = (change) => {
    try {
      return change(localStorage);
    } catch {
      return null; // a browser may refuse to keep anything: the keys are on then
    }
  };
  const is_off = () => kept((store) => store.getItem(OFF)) === "yes";
  const box = () => document.querySelector("main [data-search]") ?? document.getElementById("search-field") ?? document.querySelector("main input[type=search]");
  const is_writing = (at) => at.isContentEditable || /^(input|textarea|select)$/i.test(at.tagName);

  // The switch, on the page and on the sheet.
  const show_switch = (within) => {
    for (const place of within.querySelectorAll("[data-keys-switch]")) {
      place.hidden = false;
      const button = place.querySelector("[data-keys-toggle]");
      button.textContent = is_off() ? "Turn shortcuts on" : "Turn shortcuts off";
      place.querySelector("[data-keys-state]").textContent = is_off() ? "Shortcuts are off." : "Shortcuts are on.";
    }
  };
  document.addEventListener("click", (event) => {
    if (!event.target.matches?.("[data-keys-toggle]")) return;
    kept((store) => (is_off() ? store.removeItem(OFF) : store.setItem(OFF, "yes")));
    show_switch(document);
  });

  const sheet = async () => {
    const answer = await fetch("/help/keyboard", { headers: { "hx-request": "true" } }).catch(() => null);
    if (answer?.status !== 200) return location.assign("/help/keyboard");
    const dialog = document.createElement("dialog");
    dialog.className = "tidings-sheet";
    dialog.setAttribute("aria-labelledby", "keys-title");
    dialog.innerHTML = `<h2 class="nhsuk-heading-m" id="keys-title">Keyboard shortcuts</h2>${await answer.text()}<form method="dialog"><button class="nhsuk-button nhsuk-button--small nhsuk-u-margin-bottom-0">Close</button></form>`;
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    show_switch(dialog);
    dialog.showModal();
  };

  const step = (links, by) => {
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
    next?.focus();
    return Boolean(next);
  };
  const seen = (links) => [...links].filter((link) => link.offsetParent !== null);

  // From the box into what was found, with the arrows. They type nothing, so they are always on.
  const through_found = (event) => {
    const field = box();
    const over = document.getElementById("header-found");
    const place = over?.childElementCount ? over : document.querySelector("main [data-found-in]");
    const links = place ? seen(place.querySelectorAll("[data-found]")) : [];
    const inside = document.activeElement === field || links.includes(document.activeElement);
    if (!inside || !links.length) return false;
    if (event.key === "ArrowUp" && document.activeElement === links[0]) field.focus();
    else if (event.key === "ArrowUp" && document.activeElement === field) return false;
    else step(links, event.key === "ArrowDown" ? 1 : -1);
    return true;
  };
  const close_found = () => {
    const over = document.getElementById("header-found");
    if (!over?.childElementCount) return false;
    const was_inside = over.contains(document.activeElement);
    over.replaceChildren();
    if (was_inside) document.getElementById("search-field").focus();
    return true;
  };

  const pressed = (key) => {
    if (gone && Date.now() - gone < SECOND_KEY && PLACES[key]) return location.assign(PLACES[key]);
    gone = key === "g" ? Date.now() : 0;
    if (key === "?") return sheet();
    if (key === "j" || key === "k") return step(seen(document.querySelectorAll(LINES)), key === "j" ? 1 : -1);
    if (key === "/") {
      if (!box()) return location.assign("/search");
      box().focus();
      box().select();
    }
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key.startsWith("Arrow") ? /Up|Down/.test(event.key) && through_found(event) : event.key === "Escape" && close_found())
      return event.preventDefault();
    if (is_off() || is_writing(event.target) || !"/?gjk".includes(event.key) && !(gone && PLACES[event.key])) return;
    event.preventDefault();
    pressed(event.key);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#header-found, #search")) document.getElementById("header-found")?.replaceChildren();
  });
  addEventListener("DOMContentLoaded", () => show_switch(document));
})();
