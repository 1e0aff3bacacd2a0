// The schedule's page stands by itself; this says when what it shows is no longer so.

import { html, nothing, render } from "lit";
import { clockOf } from "./french";
import { t } from "./language";
import { Live } from "./live";
import { drawing } from "./page";
import type { Talk } from "./protocol";
import "./shell";

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const live = new Live(drawing(redraw));
let first = ""; // the talks as they were when the page came
let changed = false;

live.onView = ({ topic }) => {
  if (topic !== "talks") return;
  const now = told(live.items<Talk>("talks", "talk"));
  first ||= now;
  changed = now !== first;
};
live.follow("talks");
const now = Date.now();
$("#zone").hidden = clockOf(now / 1000) === new Date(now).toLocaleTimeString("fr");
document.addEventListener("visibilitychange", () => {
  if (changed && !document.hidden) location.reload(); // whoever comes back reads what is so now
});

function redraw(): void {
  render(
    changed
      ? html`<p class="programme-fresh" role="status">
          ${t("Le programme vient de changer.")}
          <a class="primary" href="">${t("Actualiser")}</a>
        </p>`
      : nothing,
    $("#fresh"),
  );
}

/** What the page shows of them. */
function told(talks: Talk[]): string {
  const said = talks.map(({ id, title, state, planned_start, planned_end, room, moved }) =>
    JSON.stringify([id, title, state, planned_start, planned_end, room, moved]),
  );
  return said.sort().join();
}
