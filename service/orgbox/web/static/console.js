/* Comforts. Every page works without them: copying code, and following the calls as they come. */
"use strict";

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.nextElementSibling.textContent);
    button.textContent = "Copied";
  });
}

const followed = document.querySelector("[data-follow]");
if (followed) {
  setInterval(async () => {
    if (document.hidden || followed.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const rows = page.querySelector("[data-follow]");
      if (rows && rows.innerHTML !== followed.innerHTML) followed.innerHTML = rows.innerHTML;
    } catch {
      // The service is away, or this page is being left: the next look may find more.
    }
  }, 2000);
}
