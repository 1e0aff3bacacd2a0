// How captions fare, in figures.

import { html, nothing } from "lit";
import { type Quality, qualityOf } from "../captioning";
import { count, decimal, hour, percent, spoken } from "../french";

const LOOK = 5_000; // ms between two looks

const REFUSED: Record<string, string> = {
  compression: "répétitions",
  haste: "débit impossible",
  silence: "silence",
  invention: "inventions connues",
  loop: "boucles",
  murmur: "brouhaha",
};

export class Figures {
  private quality: Quality | null = null;
  private trouble = "";

  /** `watched` says whether anyone looks. */
  constructor(
    private readonly channel: string,
    private readonly watched: () => boolean,
    private readonly changed: () => void,
  ) {
    setInterval(() => void this.look(), LOOK);
  }

  async look(): Promise<void> {
    if (document.hidden || !this.watched()) return;
    try {
      this.quality = await qualityOf(this.channel);
      this.trouble = "";
    } catch (error) {
      this.trouble = (error as Error).message;
    }
    this.changed();
  }

  render() {
    const { quality, trouble } = this;
    if (!quality) return html`<p class="empty">${trouble || "Les mesures arrivent…"}</p>`;
    const { lag, reading_speed: speed, second_pass: second, since } = quality;
    const refused = Object.entries(quality.refused).map(
      ([why, times]) => `${REFUSED[why] ?? why} ${times}`,
    );
    const relu = second?.cues ? count(second.cues, "sous-titre", "sous-titres") : "";
    return html`<dl class="measures">
        ${figure("Mots fixés après la voix", lag && spread(lag, "s"))}
        ${figure("Vitesse de lecture", speed && spread(speed, "car./s"))}
        ${figure("Trop rapides à lire", speed?.fast ? percent(speed.fast, 1) : "")}
        ${figure("Mots", quality.words.toLocaleString("fr-FR"))}
        ${figure("Corrections", String(quality.edits))}
        ${figure("Changés à la seconde passe", relu)}
        ${figure("Refusé par les filtres", refused.join(", "))}
        ${figure("Sous-titres perdus", quality.dropped ? String(quality.dropped) : "")}
        ${figure("En pause", quality.paused >= 1 ? spoken(quality.paused) : "")}
      </dl>
      <p class="note">
        Sur la dernière heure\u202f; filtres, pertes et
        pauses${since ? ` depuis ${hour(since)}` : ""}.
      </p>`;
  }
}

/** « 1,9 s, 95 % sous 3,1 s » */
function spread({ p50, p95 }: { p50: number; p95: number }, unit: string): string {
  return `${decimal(p50)}\u00a0${unit}, 95\u00a0% sous ${decimal(p95)}\u00a0${unit}`;
}

function figure(name: string, value: string | null | undefined) {
  return value
    ? html`<div><dt>${name}</dt><dd>${value}</dd></div>`
    : nothing;
}
