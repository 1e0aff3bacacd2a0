// Loading the page anew. What a browser could not have of it once, it never asks for again
// (whatwg/html#10327); and after an upgrade of the server it has another name.

import { t } from "./language";

const RARELY = 600_000; // ms between two of those: what is lacking may be lacking there as well
const LAST = "anew"; // kept with the tab: when that was
const PATIENCE = 10_000; // ms for the server to say that it is there
const FIELDS = "textarea, input[type=text]";

/** Who has something that is lost when the page goes, beside the fields that one sees. */
export const drafts: (() => boolean)[] = [];

let leaving = false;

/**
 * If the server is there to give it: else the browser would show a page of its own. `before` is done
 * just before; it is not done at all when by then it may not be. Returns whether it comes.
 */
export async function anew(
  before: () => void = () => {},
  may: () => boolean = () => true,
): Promise<boolean> {
  if (leaving) return true;
  leaving = true;
  const signal = AbortSignal.timeout(PATIENCE);
  leaving = await fetch(location.href, { method: "HEAD", cache: "no-store", signal }).then(
    ({ ok }) => ok && may(),
    () => false, // what there is stays
  );
  if (!leaving) return false;
  before();
  location.reload();
  return true;
}

/**
 * A part of this page did not come: have it with the whole page, as soon as that takes nothing away
 * from anybody. Returns what they are to do themselves, in French; nothing when the page comes.
 */
export async function complete(): Promise<string> {
  const mine = () =>
    t("Une partie de la page manque. Terminez ce que vous faites, puis rechargez la page.");
  if (busy() || Date.now() - Number(sessionStorage.getItem(LAST)) < RARELY) return mine();
  if (await anew(() => sessionStorage.setItem(LAST, String(Date.now())), () => !busy())) return "";
  return busy() ? mine() : t("Le serveur ne répond pas.");
}

/** Whether somebody is writing, listening, or in the middle of something. */
function busy(): boolean {
  if (document.querySelector("dialog[open]") || drafts.some((any) => any())) return true;
  if (document.fullscreenElement || document.pictureInPictureElement) return true;
  const videos = [...document.querySelectorAll("video")];
  if (videos.some(({ paused, muted, readyState }) => !paused && !muted && readyState > 2)) return true;
  const fields = document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>(FIELDS);
  return [...fields].some(
    (field) =>
      field.getClientRects().length > 0 && (field.value || field === document.activeElement),
  );
}
