// What htmx leaves to us when a list or a ticket refreshes itself: the focus of a row that has
// left, a selection that somebody is making, what somebody has unfolded, and a plain word when
// refreshing does not work.
(() => {
  "use strict";
  const live = document.querySelector("[data-live]");
  if (!live) return;
  const troubles = {
    away: document.getElementById("trouble-away"),
    signedOut: document.getElementById("trouble-signed-out"),
  };
  const links = () => [...live.querySelectorAll("tbody a[id]")];
  let focused = -1;
  let unfolded = [];
  let held = null;
  let lastGood = new Date();

  function show(name) {
    for (const [key, element] of Object.entries(troubles)) {
      if (!element || element.hidden === (key !== name)) continue;
      if (key === name) {
        const at = lastGood.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
        element.querySelector(".since").textContent = at;
      }
      element.hidden = key !== name;
    }
  }

  function selecting() {
    const selection = document.getSelection();
    const main = document.getElementById("main");
    const field = document.activeElement && document.activeElement.closest("form");
    return selection && !selection.isCollapsed && !field && main.contains(selection.anchorNode);
  }

  function unfold() {
    for (const id of unfolded) {
      const element = document.getElementById(id);
      if (element) element.open = true;
    }
  }

  live.addEventListener("htmx:beforeRequest", (event) => {
    if (selecting()) event.preventDefault();
  });
  live.addEventListener("htmx:beforeSwap", () => {
    focused = links().indexOf(document.activeElement);
    const row = live.contains(document.activeElement) ? document.activeElement : null;
    held = row && row.id ? { id: row.id, top: row.getBoundingClientRect().top } : null;
    unfolded = [...document.querySelectorAll("details[id][open]")].map((one) => one.id);
  });
  document.addEventListener("htmx:oobAfterSwap", unfold);
  function hold() {
    const row = held && document.getElementById(held.id);
    if (row) window.scrollBy({ top: row.getBoundingClientRect().top - held.top, behavior: "instant" });
  }

  live.addEventListener("htmx:afterSettle", hold);
  live.addEventListener("htmx:afterSwap", () => {
    unfold();
    hold();
    if (focused < 0 || live.contains(document.activeElement)) return;
    const now = links();
    const next = now[Math.min(focused, now.length - 1)] || live;
    next.focus({ preventScroll: true });
  });
  live.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (status === 200 || status === 204) {
      lastGood = new Date();
      show(null);
    } else {
      show(status === 401 ? "signedOut" : "away");
    }
  });
})();
