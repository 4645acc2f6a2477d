// Keeps what somebody types about a ticket in this browser until it is sent, so that a closed
// tab, a crash or a session that ended costs no words. One draft for each technician, ticket and
// field; it is forgotten when it was sent, discarded, or left for a month.
(() => {
  "use strict";
  const place = document.querySelector("[data-drafts]");
  if (!place) return;
  const prefix = "watchdesk-draft/";
  const own = prefix + place.dataset.drafts + "/";
  const month = 30 * 24 * 60 * 60 * 1000;
  const fields = [...place.querySelectorAll("[data-draft]")];
  const keyOf = (field) => own + field.dataset.draft;

  function read(key) {
    try {
      const draft = JSON.parse(localStorage.getItem(key));
      return draft && typeof draft.text === "string" ? draft : null;
    } catch {
      return null;
    }
  }

  function keep(field) {
    try {
      if (field.value.trim()) {
        localStorage.setItem(keyOf(field), JSON.stringify({ text: field.value, at: Date.now() }));
      } else {
        localStorage.removeItem(keyOf(field));
      }
    } catch {
      // A browser that stores nothing: the field itself still holds the words.
    }
  }

  function forget(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // The same.
    }
  }

  function everyKey() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  }

  for (const key of everyKey()) {
    const draft = read(key);
    if (!draft || Date.now() - draft.at > month) forget(key);
  }
  for (const said of document.querySelectorAll("[data-sent]")) {
    const owner = place.dataset.drafts.split("/")[0];
    const done = prefix + owner + "/" + said.dataset.sent + "/";
    for (const key of everyKey()) if (key.startsWith(done)) forget(key);
  }

  function bringBack(field) {
    const draft = read(keyOf(field));
    if (!draft || field.value) return;
    field.value = draft.text;
    const fold = field.closest("details");
    if (fold) fold.open = true;
    const told = document.getElementById(field.id + "-draft");
    if (!told) return;
    const then = new Date(draft.at);
    const today = then.toDateString() === new Date().toDateString();
    const time = { hour: "2-digit", minute: "2-digit" };
    told.querySelector(".since").textContent = today
      ? then.toLocaleTimeString([], time)
      : then.toLocaleString([], { day: "numeric", month: "short", ...time });
    told.hidden = false;
    told.querySelector("button").addEventListener("click", () => {
      field.value = "";
      told.hidden = true;
      keep(field);
      field.focus();
    });
  }

  for (const field of fields) {
    if (field.value) keep(field); // came back from the server with something to mend
    else bringBack(field);
    field.addEventListener("input", () => keep(field));
  }
})();
