/* The button that puts a layer's originals into one archive: what does it is loaded when it is pressed. A page opened
   from disk may read no files, and has them beside it. */
(() => {
  "use strict";
  const place = document.getElementById("originals");
  const address = document.currentScript.dataset.zip;
  if (!place || !location.protocol.startsWith("http")) return;
  place.hidden = false;
  const button = place.querySelector("button");
  button.addEventListener("click", () => {
    button.disabled = true;
    const script = document.createElement("script");
    script.src = address;
    script.onload = () =>
      window.ATLAS_ZIP(place).finally(() => {
        button.disabled = false;
      });
    document.head.append(script);
  });
})();
