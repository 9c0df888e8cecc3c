// The form on an operation's page: sends what is entered, and shows what comes back. The token is never kept.
const form = document.querySelector("[data-try]");
if (form) {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { url, options } = await request(form);
    show(`${options.method} ${url}`, "Sending …", "");
    try {
      const answer = await fetch(url, options);
      show(`${options.method} ${url}`, `${answer.status} ${answer.statusText}`, readable(await answer.text()));
    } catch (error) {
      show(`${options.method} ${url}`, "No answer came", String(error));
    }
  });
}

async function request(from) {
  const headers = { accept: "application/json" };
  const token = document.getElementById("try-token").value.trim();
  if (token) headers.authorization = `Bearer ${token}`;
  else headers["x-csrf-token"] = from.elements.form_token.value;
  let path = from.dataset.path;
  const query = new URLSearchParams();
  for (const field of from.querySelectorAll("[data-in]")) {
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    else if (field.value && field.dataset.in === "query") query.append(field.name, field.value);
    else if (field.value) headers[field.name] = field.value;
  }
  if (document.getElementById("try-preview")?.checked) query.append("preview", "true");
  const options = { method: from.dataset.method, headers, credentials: token ? "omit" : "same-origin" };
  const body = document.getElementById("try-body")?.value ?? document.getElementById("try-file")?.files[0];
  if (body) Object.assign(options, { body }, { headers: { ...headers, "content-type": from.dataset.kind } });
  return { url: query.size ? `${path}?${query}` : path, options };
}

function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function show(asked, status, body) {
  const answer = document.querySelector("[data-answer]");
  answer.hidden = false;
  answer.querySelector("[data-answer-request]").textContent = asked;
  answer.querySelector("[data-answer-status]").textContent = status;
  answer.querySelector("[data-answer-body]").textContent = body;
}
