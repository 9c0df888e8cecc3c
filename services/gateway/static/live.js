// What is live on a page: how the stream is, and new lines, which wait behind a button so that nothing moves under
// the eyes of somebody who reads. They come in by themselves only where there was no line yet.
// Everything else works without this file.
// It listens on the document and runs before htmx begins, so that it misses nothing of a stream.
(() => {
  const ENDED = "Not live: load the page again";
  const STREAM = "[hx-sse\\:connect]";
  const REFUSED = [401, 403, 404, 410]; // whoever was signed out, say, is not let in by trying again
  const MOST_SECONDS = 60;
  const held = new WeakMap();
  const tries = new WeakMap();
  const asking = new WeakMap();
  const part = (list, name) => list.closest("[data-live-area]")?.querySelector(`[data-live-${name}]`);

  const say = (list, text, state) => {
    const status = part(list, "status");
    if (!status || part(list, "word").textContent === text) return;
    part(list, "word").textContent = text;
    status.dataset.state = state;
  };
  const arrived = (list, lines) => {
    part(list, "empty")?.remove();
    for (const line of lines) line.classList.add("tidings-line--new");
  };
  const waiting = (list, lines) => {
    held.set(list, lines);
    part(list, "show").hidden = lines.length === 0;
    part(list, "show").textContent = `Show ${lines.length} new`;
  };
  const on = (name, take, which = "[data-live]") =>
    document.addEventListener(name, (event) => {
      if (event.target.matches?.(which)) take(event.target, event);
    });
  const everywhere = (text) => {
    for (const list of document.querySelectorAll("[data-live]")) say(list, text, "wait");
  };

  const failed = (list, status) => {
    if (REFUSED.includes(status)) say(list, ENDED, "off");
    else say(list, "Reconnecting…", "wait");
  };
  // A stream's first request is one as any other, which htmx makes once: until a stream is open it is for us to ask again.
  const ask = (stream) => {
    clearTimeout(asking.get(stream));
    asking.delete(stream);
    htmx.ajax("GET", stream.getAttribute("hx-sse:connect"), { source: stream });
  };
  const notBegun = (stream, status) => {
    failed(stream, status);
    if (REFUSED.includes(status)) return;
    const before = tries.get(stream) ?? 0;
    tries.set(stream, before + 1);
    asking.set(stream, setTimeout(ask, Math.min(2 ** before, MOST_SECONDS) * 1000, stream));
  };

  on("htmx:before:response", (stream, event) => {
    const { status } = event.detail.ctx.response;
    if (status < 400) return;
    event.preventDefault(); // what is said of a failure has no place there
    notBegun(stream, status);
  }, STREAM);
  on("htmx:error", (stream) => {
    if (!stream._htmx?.sse) notBegun(stream);
  }, STREAM);
  on("htmx:sse:after:connection", (list) => say(list, "Live", "live"));
  on("htmx:sse:before:connection", (list, event) => {
    if (event.detail.connection.attempt && part(list, "status")?.dataset.state === "live") say(list, "Reconnecting…", "wait");
  });
  on("htmx:sse:error", (list, event) => failed(list, event.detail.status));
  on("htmx:sse:close", (list) => say(list, ENDED, "off"));
  on("htmx:sse:before:message", (list, event) => {
    const { event: name, data } = event.detail.message;
    if (navigator.onLine) say(list, "Live", "live"); // else it was on its way when the reader was cut off
    if (name === "reset") say(list, "Too much is new: load the page again", "off");
    if (name || !data || !(list.firstElementChild || list.hasAttribute("data-live-waits"))) return;
    event.preventDefault();
    const box = document.createElement("template");
    box.innerHTML = data;
    waiting(list, [...box.content.querySelectorAll("li"), ...(held.get(list) ?? [])]);
  });
  on("htmx:sse:after:message", (list) => {
    if (list.firstElementChild) arrived(list, [list.firstElementChild]);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.matches("[data-live-show]")) return;
    const list = event.target.closest("[data-live-area]").querySelector("[data-live]");
    const lines = held.get(list) ?? [];
    arrived(list, lines);
    list.prepend(...lines);
    waiting(list, []);
    list.querySelector("a")?.focus();
  });
  addEventListener("offline", () => everywhere("Reconnecting…"));
  addEventListener("online", () => {
    everywhere("Catching up…");
    // A stream may have outlived the gap or hang for ever: each is begun again from the last line that came. One that
    // was cut waits before it is tried again, the longer the gap was: up to a minute, and it ends here.
    for (const stream of document.querySelectorAll(STREAM)) {
      stream._htmx?.sse?.reader?.cancel();
      stream._htmx?.sse?.delayCanceller?.();
      if (asking.has(stream)) ask(stream);
    }
  });
})();
