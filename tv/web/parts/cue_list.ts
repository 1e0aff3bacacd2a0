// The captions of a channel as they come, each to be corrected at a click on the word that is wrong.

import { html, nothing } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import type { Problem } from "../api";
import { type Edit, correct } from "../captioning";
import { clockOf } from "../french";
import type { Cue, Word } from "../protocol";
import { CueEditor, type Selected, textOf } from "./cue_editor";
import * as icons from "./icons";
import { announce } from "./text";
import { Follower, resume } from "./transcript";

const WORDS = /[^ ]+/g;

export class CueList {
  sends = false; // there are laboratories to send one to
  private editor: CueEditor | null = null;
  private closed = ""; // the cue whose editor was closed last: it gets the focus back
  private readonly refused: CueEditor[] = []; // one went on, and what was typed was not taken
  private readonly busy = new Set<string>();
  private readonly follower: Follower;

  /** `heard` is given what a cue has become, `send` what goes to laboratories. */
  constructor(
    private readonly list: HTMLElement,
    private readonly heard: (cue: Cue) => void,
    private readonly changed: () => void,
    private readonly send: (cue: Cue) => void,
  ) {
    this.follower = new Follower(list, changed);
  }

  /** `cues` in the order of time, those that are hidden among them; `names` of who may speak. */
  render(cues: Cue[], open: Word[], names: string[]) {
    const known = [...new Set([...names, ...cues.map(({ speaker }) => speaker)])].filter(Boolean);
    const edited = this.editor && cues.find(({ id }) => id === this.editor?.id);
    if (edited) this.editor?.follow(edited);
    else if (!this.editor?.touched) this.editor = null; // its cue has left, and nothing is lost
    let before = "";
    return html`<ol class="cue-list">
        ${repeat(
          cues,
          ({ id }) => id,
          (cue) => {
            const speaker = cue.speaker === before ? "" : cue.speaker;
            before = cue.speaker || before;
            return cue.id === this.editor?.id
              ? html`<li class="cue editing">${this.editor.render(known, this.sends && !cue.hidden ? () => this.send(cue) : null)}</li>`
              : this.line(cue, speaker, this.busy.has(cue.id));
          },
        )}
      </ol>
      ${cues.length || open.length ? nothing : html`<p class="empty">Rien n’a encore été dit.</p>`}
      ${open.length ? html`<p class="cue-open">${open.map(({ text }) => text).join(" ")}</p>` : nothing}`;
  }

  foot() {
    return resume(this.follower);
  }

  /** To be called once it is drawn. */
  settle(): void {
    if (!this.editor) this.follower.settle();
    if (!this.closed) return;
    const line = this.list.querySelector<HTMLElement>(`[data-id="${CSS.escape(this.closed)}"]`);
    this.closed = "";
    if (document.activeElement !== document.body) return; // one has gone elsewhere
    line?.querySelector<HTMLElement>(".cue-text")?.focus({ preventScroll: true });
  }

  private line(cue: Cue, speaker: string, busy: boolean) {
    const { hidden = false } = cue;
    const label = hidden ? "Montrer" : "Masquer";
    return html`<li class="cue ${hidden ? "hidden-cue" : ""}" data-id=${cue.id}>
      <span class="cue-time">${clockOf(cue.start)}</span>
      <button class="cue-text" @click=${(event: Event) => this.edit(cue, event)}>
        ${speaker ? html`<strong>${speaker}\u00a0:</strong>` : nothing}
        ${guard([textOf(cue)], () => words(textOf(cue)))}
        ${hidden ? html`<small class="cue-mark">masqué</small>` : nothing}
        ${cue.corrected && !hidden ? html`<small class="cue-mark">corrigé</small>` : nothing}
      </button>
      <button
        class="tool"
        aria-label="${label} ce sous-titre"
        title="${label} ce sous-titre"
        aria-disabled=${busy ? "true" : nothing}
        @click=${() => void this.act(cue, { hidden: !hidden })}
      >
        ${hidden ? icons.shown : icons.hidden}
      </button>
    </li>`;
  }

  /** The word that was clicked is selected: typing replaces it. With the keyboard, the end. */
  private edit(cue: Cue, event: Event): void {
    const word = (event.target as HTMLElement).closest<HTMLElement>("[data-at]");
    const { length } = textOf(cue);
    const at = Number(word?.dataset["at"]);
    const selected: Selected = word ? [at, at + (word.textContent ?? "").length] : [length, length];
    if (this.editor) void this.leave(this.editor);
    const done = () => this.close(editor);
    const editor = new CueEditor(cue, selected, this.heard, this.changed, done);
    this.editor = editor;
    this.changed();
  }

  /** One goes on to the next: what was typed counts, and comes back when it is not taken. */
  private async leave(editor: CueEditor): Promise<void> {
    if (await editor.save()) return;
    if (this.editor?.touched) this.refused.push(editor);
    else this.editor = editor;
    this.changed();
  }

  private close(editor: CueEditor): void {
    if (editor !== this.editor) return;
    this.closed = editor.id;
    this.editor = this.refused.pop() ?? null;
    this.changed();
  }

  private async act(cue: Cue, edit: Edit): Promise<void> {
    if (this.busy.has(cue.id)) return;
    this.busy.add(cue.id);
    this.changed();
    try {
      this.heard(await correct(cue, edit));
      announce(edit.hidden ? "Sous-titre masqué." : "Sous-titre montré.");
    } catch (error) {
      announce((error as Problem).message, true);
    } finally {
      this.busy.delete(cue.id);
      this.changed();
    }
  }
}

/** Each word knows where it stands, so that a click on it selects it in the editor. */
function words(text: string) {
  return [...text.matchAll(WORDS)].map(
    (found) => html`<span class="word" data-at=${found.index}>${found[0]}</span> `,
  );
}
