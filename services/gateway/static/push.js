// Browser notifications, on request only: nothing is asked of the reader or of the browser before they press.
(() => {
  const area = document.querySelector("[data-push]");
  if (!area) return;
  const [on, word] = ["on", "word"].map((name) => area.querySelector(`[data-push-${name}]`));
  const token = area.querySelector("input[name=form_token]").value;
  const say = (text) => (word.textContent = text);

  const send = async (path, values) => {
    const body = new URLSearchParams({ form_token: token, ...values });
    const answer = await fetch(path, { method: "POST", body, redirect: "manual" });
    if (!answer.ok && answer.type !== "opaqueredirect") throw new Error();
  };
  const key = () => {
    const text = area.dataset.push.replaceAll("-", "+").replaceAll("_", "/");
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  };
  const turnOn = async () => {
    if ((await Notification.requestPermission()) !== "granted") {
      say("Your browser does not allow it. Allow notifications of this site in its settings, and press again.");
      return;
    }
    await navigator.serviceWorker.register("/push-worker.js");
    const { pushManager } = await navigator.serviceWorker.ready;
    const old = await pushManager.getSubscription();
    const made = old ?? (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key() }));
    const { endpoint, keys } = made.toJSON();
    await send("/preferences/browsers", { endpoint, p256dh: keys.p256dh, auth: keys.auth });
    location.assign("/preferences?done=browser-on");
  };
  const pressed = (act) => async () => {
    try {
      await act();
    } catch {
      say("It did not work. Your browser may not reach its push service; try again in a minute.");
    }
  };

  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    say("This browser cannot show notifications.");
    return;
  }
  say("");
  on.hidden = false;
  on.addEventListener("click", pressed(turnOn));
})();
