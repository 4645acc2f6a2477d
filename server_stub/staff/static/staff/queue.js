// What htmx leaves to us when the queue refreshes itself: the focus of a row that has left,
// a selection that somebody is making, and a plain word when refreshing does not work.
(() => {
  "use strict";
  const queue = document.getElementById("queue");
  if (!queue) return;
  const troubles = {
    away: document.getElementById("trouble-away"),
    signedOut: document.getElementById("trouble-signed-out"),
  };
  const links = () => [...queue.querySelectorAll("tbody a[id]")];
  let focused = -1;
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
    return selection && !selection.isCollapsed && queue.contains(selection.anchorNode);
  }

  queue.addEventListener("htmx:beforeRequest", (event) => {
    if (selecting()) event.preventDefault();
  });
  queue.addEventListener("htmx:beforeSwap", () => {
    focused = links().indexOf(document.activeElement);
  });
  queue.addEventListener("htmx:afterSwap", () => {
    if (focused < 0 || queue.contains(document.activeElement)) return;
    const now = links();
    const next = now[Math.min(focused, now.length - 1)] || queue;
    next.focus({ preventScroll: true });
  });
  queue.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (status === 200 || status === 204) {
      lastGood = new Date();
      show(null);
    } else {
      show(status === 401 ? "signedOut" : "away");
    }
  });
})();
