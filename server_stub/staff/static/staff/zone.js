// Tells the server in which zone this browser's clock is, so that pages show local times.
(() => {
  "use strict";
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const kept = "; Path=/; SameSite=Lax; Max-Age=31536000" + secure;
  document.cookie = "watchdesk-zone=" + encodeURIComponent(zone) + kept;
})();
