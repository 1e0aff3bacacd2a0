// Which syntheses one sees, and in what order: by laboratory, step of the journey, theme, support.

import { html, nothing } from "lit";
import { seconds } from "../french";
import type { Cafe, Lab, Synthesis } from "../lab_items";
import { t } from "../language";
import { labOf, labSign } from "./lab_sign";
import type { Order } from "./questions";

/** What is chosen; "" for all. `theme` is the id of the session in which it was written. */
export interface Filter {
  lab: string;
  step: string;
  theme: string;
  order: Order;
}

const NAMES: [keyof Filter, string][] = [
  ["lab", "labo"],
  ["step", "etape"],
  ["theme", "theme"],
  ["order", "tri"],
];
const ORDERS: [Order, string][] = [
  ["support", t("Les plus soutenues")],
  ["recent", t("Les plus récentes")],
];

/** What an address asks for (`?labo=labo-1&tri=recent`). */
export function fromAddress(query: string): Filter {
  const asked = new URLSearchParams(query);
  const filter: Filter = { lab: "", step: "", theme: "", order: "support" };
  for (const [name, written] of NAMES) {
    if (name !== "order") filter[name] = asked.get(written) ?? "";
  }
  if (asked.get("tri") === "recent") filter.order = "recent";
  return filter;
}

/** The same as an address says it: "" for what shows all. */
export function toAddress(filter: Filter): string {
  const asked = new URLSearchParams();
  for (const [name, written] of NAMES) {
    if (filter[name] && filter[name] !== "support") asked.set(written, filter[name]);
  }
  const query = asked.toString();
  return query && `?${query}`;
}

export function filtered(found: Synthesis[], labs: Lab[], filter: Filter): Synthesis[] {
  const written = ({ shared_at }: Synthesis) => seconds(shared_at) ?? 0;
  return found
    .filter(
      ({ lab, cafe }) =>
        (!filter.lab || lab === filter.lab) &&
        (!filter.step || stepOf(labs, lab) === filter.step) &&
        (!filter.theme || cafe === filter.theme),
    )
    .sort((a, b) =>
      filter.order === "support"
        ? b.support - a.support || written(a) - written(b)
        : written(b) - written(a),
    );
}

/** Items in the places that they had, and new ones after them: nothing moves under a finger. */
export function steady<T extends { id: string }>(before: string[], found: T[]): T[] {
  const places = new Map(before.map((id, place) => [id, place]));
  const last = before.length;
  return [...found].sort((a, b) => (places.get(a.id) ?? last) - (places.get(b.id) ?? last));
}

/** `found` are all syntheses: one chooses among what there is. */
export function filters(
  found: Synthesis[],
  labs: Lab[],
  cafes: Cafe[],
  filter: Filter,
  choose: (change: Partial<Filter>) => void,
) {
  if (found.length < 2) return nothing;
  const there = labs.filter(({ id }) => found.some(({ lab }) => lab === id));
  const steps = [...new Set(there.map(({ step }) => step).filter(Boolean))];
  const themes = cafes.filter(({ id }) => found.some(({ cafe }) => cafe === id));
  return html`<div class="idea-filters">
    ${there.length > 1 ? chips(there, filter, choose) : nothing}
    <div class="idea-choices">
      ${
        steps.length > 1 && steps.length < there.length
          ? select(
              t("Étape"),
              steps.map((step) => [step, step]),
              filter.step,
              (step) => choose({ step }),
            )
          : nothing
      }
      ${
        themes.length > 1
          ? select(
              t("Thème"),
              themes.map(({ id, title }) => [id, title]),
              filter.theme,
              (theme) => choose({ theme }),
            )
          : nothing
      }
      <div class="segmented" role="group" aria-label=${t("Trier les synthèses")}>
        ${ORDERS.map(
          ([order, text]) =>
            html`<button
              aria-pressed=${String(filter.order === order)}
              @click=${() => choose({ order })}
            >
              ${text}
            </button>`,
        )}
      </div>
    </div>
  </div>`;
}

function chips(labs: Lab[], filter: Filter, choose: (change: Partial<Filter>) => void) {
  return html`<div class="lab-chips" role="group" aria-label=${t("Laboratoires")}>
    <button aria-pressed=${String(!filter.lab)} @click=${() => choose({ lab: "" })}>
      <span>${t("Tous les laboratoires")}</span>
    </button>
    ${labs.map(
      (lab) =>
        html`<button
          aria-pressed=${String(filter.lab === lab.id)}
          @click=${() => choose({ lab: filter.lab === lab.id ? "" : lab.id })}
        >
          ${labSign(lab)}
          <span>${lab.name}${lab.step ? html` <small>${lab.step}</small>` : nothing}</span>
        </button>`,
    )}
  </div>`;
}

function select(
  label: string,
  options: [string, string][],
  chosen: string,
  choose: (value: string) => void,
) {
  return html`<label class="idea-select">
    <span>${label}</span>
    <select @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
      <option value="" .selected=${!chosen}>${t("Tous")}</option>
      ${options.map(
        ([value, text]) =>
          html`<option value=${value} .selected=${value === chosen}>${text}</option>`,
      )}
    </select>
  </label>`;
}

function stepOf(labs: Lab[], slug: string): string {
  return labOf(labs, slug)?.step ?? "";
}
