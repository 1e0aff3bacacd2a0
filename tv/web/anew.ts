// Loading the page anew. What a browser could not have of it once, it never asks for again
// (whatwg/html#10327); and after an upgrade of the server it has another name.

import { t } from "./language";

const RARELY = 60; // seconds that a page is to last that came anew: it may be lacking there as well
const FIELDS = "textarea, input[type=text]";

let leaving = false;

/**
 * If the server is there to give it: else the browser would show a page of its own. `before` is done
 * just before. Returns whether it was there.
 */
export async function anew(before: () => void = () => {}): Promise<boolean> {
  if (leaving) return true;
  leaving = true;
  const asked = fetch(location.href, { method: "HEAD", cache: "no-store" });
  leaving = await asked.then(
    ({ ok }) => ok,
    () => false, // what there is stays
  );
  if (!leaving) return false;
  before();
  location.reload();
  return true;
}

/**
 * A part of this page did not come: have it with the whole page, as soon as that takes nothing away
 * from anybody. Returns why it is not now, in French.
 */
export async function complete(): Promise<string> {
  if (writing()) {
    return t("Une partie de la page manque. Envoyez ce que vous écrivez, puis rechargez la page.");
  }
  const [{ type } = { type: "" }] = performance.getEntriesByType(
    "navigation",
  ) as PerformanceNavigationTiming[];
  const again = type === "reload" && performance.now() < 1000 * RARELY;
  return !again && (await anew()) ? "" : t("Le serveur ne répond pas.");
}

/** Whether somebody is writing, or in the middle of something. */
function writing(): boolean {
  if (document.querySelector("dialog[open]")) return true;
  const fields = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(FIELDS);
  return [...fields].some(
    (field) =>
      field.getClientRects().length > 0 && (field.value || field === document.activeElement),
  );
}
