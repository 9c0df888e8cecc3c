// How many alerts are unread, in the header of every open tab. One tab listens for all tabs of a reader, because a
// browser opens only six connections to one address; when it is closed another takes over. Without this file the number
// is right whenever a page is loaded.
(() => {
  const badge = document.querySelector("[data-unread]");
  if (!badge || !window.EventSource) return;
  const name = `tidings-unread-${badge.dataset.reader}`;
  const channel = window.BroadcastChannel ? new BroadcastChannel(name) : null;
  let known = null;

  const show = (unread) => {
    badge.querySelector("[data-unread-number]").textContent = unread.toLocaleString("en-GB");
    badge.hidden = unread === 0;
  };
  const say = (unread) => {
    known = unread;
    show(unread);
    channel?.postMessage({ unread });
  };
  const offset = (position) => Number(position.slice(position.lastIndexOf("-") + 1));

  const listen = () => {
    let base = { unread: 0, offset: 0 };
    let later = new Set();
    const stream = new EventSource("/live/unread");
    stream.addEventListener("state", ({ data }) => {
      const { unread, position } = JSON.parse(data);
      base = { unread, offset: offset(position) };
      later = new Set([...later].filter((one) => one > base.offset));
      say(base.unread + later.size);
    });
    stream.addEventListener("more", ({ data }) => {
      if (Number(data) > base.offset) later.add(Number(data));
      if (known !== null) say(base.unread + later.size);
    });
    stream.addEventListener("error", () => {
      if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000); // refused: no browser tries again by itself
    });
  };

  channel?.addEventListener("message", ({ data }) => {
    if (data.hello && known !== null) channel.postMessage({ unread: known });
    if (Number.isInteger(data.unread)) show(data.unread);
  });
  channel?.postMessage({ hello: true });
  if (channel && navigator.locks) navigator.locks.request(name, () => new Promise(listen));
  else listen();
})();
