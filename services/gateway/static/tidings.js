// What is live on a page: how the stream is, and new lines that wait behind a button on pages where they would
// move what somebody is reading. Everything else works without this file.
import { initAll } from "./nhsuk-frontend-10.6.1.min.js";

initAll();

for (const list of document.querySelectorAll("[data-live]")) {
  const area = list.closest("[data-live-area]");
  const status = area.querySelector("[data-live-status]");
  const word = area.querySelector("[data-live-word]");
  const waiting = area.querySelector("[data-live-waiting]");
  const show = area.querySelector("[data-live-show]");
  const waits = list.hasAttribute("data-live-waits");
  let held = [];

  const say = (text, state) => {
    if (!word || word.textContent === text) return;
    word.textContent = text;
    status.dataset.state = state;
  };
  const arrived = (lines) => {
    area.querySelector("[data-live-empty]")?.remove();
    for (const line of lines) line.classList.add("tidings-line--new");
  };
  const count = () => {
    if (!waiting) return;
    waiting.hidden = held.length === 0;
    show.textContent = held.length === 1 ? "Show 1 new" : `Show ${held.length} new`;
  };

  say("Connecting…", "wait");
  list.addEventListener("htmx:sse:after:connection", () => say("Live", "live"));
  list.addEventListener("htmx:sse:error", () => say("Reconnecting…", "wait"));
  list.addEventListener("htmx:sse:close", () => say("Not live: load the page again", "off"));
  list.addEventListener("htmx:sse:before:message", (event) => {
    const { event: name, data } = event.detail.message;
    say("Live", "live");
    if (name === "reset") {
      say("Too much is new: load the page again", "off");
      return;
    }
    if (!waits || name || !data) return;
    event.preventDefault();
    const box = document.createElement("template");
    box.innerHTML = data;
    held.unshift(...box.content.querySelectorAll("li"));
    count();
  });
  list.addEventListener("htmx:sse:after:message", () => {
    const first = list.firstElementChild;
    if (first) arrived([first]);
  });
  show?.addEventListener("click", () => {
    arrived(held);
    list.prepend(...held);
    held = [];
    count();
    list.querySelector("a")?.focus();
  });
  addEventListener("offline", () => say("Reconnecting…", "wait"));
  addEventListener("online", () => say("Catching up…", "wait"));
}
