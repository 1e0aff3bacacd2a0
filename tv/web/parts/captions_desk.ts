// The control room's captions: the list to correct, who writes, rules, glossary, figures.

import { html, nothing, render } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Problem } from "../api";
import { cuesOfTalk } from "../captioning";
import type { Live } from "../live";
import type { Captioning, Channel, Cue, Rule, Talk, Word } from "../protocol";
import { CueList } from "./cue_list";
import { Glossary } from "./glossary";
import { Figures } from "./quality";
import { Rules } from "./rules";
import { Speaking } from "./speaking";
import { goOnTo } from "./places";
import { announce } from "./text";
import { Writing } from "./writing";

const SHOWN = 300; // cues, unless one asks for all of them

const STATES = {
  on: ["Les sous-titres viennent", "good"],
  late: ["Sous-titres en retard", "warn"],
  interrupted: ["Sous-titres interrompus", "bad"],
  off: ["Ce canal n’est pas sous-titré", ""],
};

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

export class CaptionsDesk {
  private readonly list: CueList;
  private readonly rules: Rules;
  private readonly speaking: Speaking;
  private readonly writing: Writing;
  private readonly figures: Figures;
  private everywhere: Glossary | null = null;
  private readonly glossaries = new Map<string, Glossary>(); // by talk: this one's, and any begun
  private words: Word[] = [];
  private readonly recalled = new Map<string, Cue>(); // beside what the socket brings
  private whole = ""; // the talk whose captions are all here

  constructor(
    private readonly channel: string,
    private readonly live: Live,
    private readonly changed: () => void,
    send: (cue: Cue) => void, // to laboratories
  ) {
    this.list = new CueList($("#cues"), (cue) => this.hear([cue]), changed, send);
    this.rules = new Rules(changed);
    this.speaking = new Speaking(channel, changed);
    this.writing = new Writing(channel, changed);
    this.figures = new Figures(channel, shown, changed);
  }

  guess(words: Word[]): void {
    this.words = words;
    if (shown()) this.changed();
  }

  /** `sends`: whether there are laboratories to send a caption to. */
  draw(channel: Channel | undefined, talk: Talk | undefined, sends: boolean): void {
    if (!shown()) return;
    this.list.sends = sends;
    const { live } = this;
    if (this.whole && !this.recalls(talk)) {
      this.recalled.clear();
      this.whole = "";
    }
    const topic = `captioning:${this.channel}`;
    const told = live.item<Captioning>(topic, "captioning", this.channel);
    const hidden = live.items<Cue>(topic, "cue").filter((cue) => cue.hidden);
    const recent = live.items<Cue>(`captions:${this.channel}`, "cue");
    const cues = newest([...this.recalled.values(), ...recent, ...hidden]);
    const old = this.recalls(talk) ? [] : cues.splice(0, cues.length - SHOWN);
    for (const { id } of old) live.forget(`captions:${this.channel}`, "cue", id);

    render(this.state(channel, talk), $("#captions-state"));
    render(this.list.render(cues, this.unsettled(cues), talk?.speakers ?? []), $("#cues"));
    render(this.list.foot(), $("#cues-foot"));
    this.list.settle();
    render(this.speaking.render(told?.speaker ?? "", talk?.speakers ?? []), $("#speaking"));
    render(this.writing.render(told?.taken ?? null), $("#writing"));
    render(this.rules.render(live.items<Rule>(topic, "rule")), $("#rules"));
    render(this.terms(told, talk), $("#glossary"));
    render(this.figures.render(), $("#quality"));
  }

  /** How captions fare; why, the warnings say above everything. */
  private state(channel: Channel | undefined, talk: Talk | undefined) {
    const [text, mood] = STATES[channel?.captions ?? "off"] as [string, string];
    return html`<span class="chip ${mood}"><span class="lamp"></span>${text}</span>
      ${
        talk?.started_at && !this.recalls(talk)
          ? html`<button class="link" @click=${() => void this.recall(talk)}>
              Relire toute l’intervention
            </button>`
          : nothing
      }`;
  }

  private recalls(talk: Talk | undefined): boolean {
    return talk !== undefined && talk.id === this.whole;
  }

  /** The socket brings the last minutes alone. */
  private async recall({ id }: Talk): Promise<void> {
    try {
      const cues = await cuesOfTalk(id);
      this.recalled.clear();
      this.whole = id;
      this.hear(cues);
      goOnTo("#captions-title"); // the button goes
    } catch (error) {
      announce((error as Problem).message, true);
    }
    this.changed();
  }

  private hear(cues: Cue[]): void {
    for (const cue of cues) this.recalled.set(cue.id, cue);
    this.changed();
  }

  /** The words that no cue has yet. */
  private unsettled(cues: Cue[]): Word[] {
    const until = cues.at(-1)?.end ?? 0;
    return this.words.filter(({ start, end }) => (start + end) / 2 > until);
  }

  private terms(told: Captioning | undefined, talk: Talk | undefined) {
    const id = told?.talk || talk?.id || "";
    for (const [other, { drafting }] of this.glossaries) {
      if (other !== id && !drafting) this.glossaries.delete(other);
    }
    if (id && !this.glossaries.has(id)) this.glossaries.set(id, new Glossary(id, this.changed));
    if (told) this.glossaries.get(told.talk)?.hear(told.terms);
    this.everywhere ??= new Glossary("", this.changed);
    if (told) this.everywhere.hear(told.event_terms);
    const own = told?.own.length
      ? html`<p class="note">Comptent aussi\u00a0: ${told.own.join(", ")}.</p>`
      : nothing;
    return html`
      ${repeat(
        this.glossaries.values(),
        ({ talk: of }) => of,
        (glossary) =>
          glossary.talk === id
            ? glossary.render("Termes de cette intervention, un par ligne", own)
            : glossary.render("Termes d’une autre intervention, pas encore enregistrés"),
      )}
      ${this.everywhere.render("Termes de tout l’événement")}
    `;
  }
}

/** Whether anyone sees it: the other post may be in its place. */
function shown(): boolean {
  return $("#cues").offsetParent !== null;
}

/** The newest revision of each, in the order of time. */
function newest(cues: Cue[]): Cue[] {
  const known = new Map<string, Cue>();
  for (const cue of cues) {
    if ((known.get(cue.id)?.revision ?? -1) <= cue.revision) known.set(cue.id, cue);
  }
  return [...known.values()].sort((a, b) => a.start - b.start);
}
