// The page with the code for other sites: it is copied with one press.

import { t } from "./language";
import { announce } from "./parts/text";
import "./shell";

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-copies]")) {
  const text = document.getElementById(button.dataset["copies"] ?? "") as HTMLTextAreaElement;
  button.hidden = false;
  button.addEventListener("click", () => void copy(text));
  text.addEventListener("focus", () => text.select());
}

async function copy(text: HTMLTextAreaElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(text.value);
    announce(t("Code copié."));
  } catch {
    text.focus(); // selected: the keyboard's own way to copy it works
    announce(t("Le code est sélectionné\u00a0: copiez-le."));
  }
}
