// A person writes the captions instead of the machine: taking the keyboard, typing, giving it back.

import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import type { Problem } from "../api";
import { release, streamOf, take } from "../captioning";
import { hour } from "../french";
import type { Taken } from "../protocol";
import { jitter, pause } from "../waiting";
import { goOnTo } from "./places";
import { announce } from "./text";

const LONGEST = 200; // characters in a line
const KEPT = 20; // lines that may wait for the connection
const OVER = 4409; // the stream is somebody else's, or nobody's

export class Writing {
  private mine = false; // this page writes
  private busy = false;
  private givenBack = false; // here, so that the focus goes on to what remains
  private turn = 0; // how often this page took the keyboard
  private socket: WebSocket | null = null;
  private granted: WebSocket | null = null; // the one that the server said may write
  private draft = "";
  private readonly waiting: string[] = [];

  constructor(
    private readonly channel: string,
    private readonly changed: () => void,
  ) {}

  render(taken: Taken | null) {
    const { mine } = this;
    if (this.givenBack && !taken) {
      this.givenBack = false;
      goOnTo("#writing button");
    }
    return html`
      <p class="writer">${mine ? "Vous écrivez les sous-titres." : writer(taken)}</p>
      ${mine ? this.field() : nothing}
      <div class="acts">
        ${mine ? nothing : this.button("Prendre le clavier", "primary soft", () => this.take(taken))}
        ${
          mine || taken
            ? this.button("Rendre à la machine", "quiet", () => this.giveBack())
            : nothing
        }
      </div>
    `;
  }

  private field() {
    const ready = this.granted?.readyState === WebSocket.OPEN;
    return html`<form
      @submit=${(event: Event) => {
        event.preventDefault();
        this.send();
      }}
    >
      <label class="labelled">
        <span>Ce qui se dit</span>
        <input
          id="typed"
          type="text"
          maxlength=${LONGEST}
          autocomplete="off"
          .value=${live(this.draft)}
          @input=${(event: InputEvent) => this.type((event.target as HTMLInputElement).value)}
        />
      </label>
      <p class="note">
        ${
          ready
            ? "Les mots partent à mesure, Entrée finit le sous-titre."
            : this.waiting.length
              ? "Pas de connexion\u00a0: vos lignes partiront dès qu’elle revient."
              : "Connexion…"
        }
      </p>
    </form>`;
  }

  private button(text: string, kind: string, act: () => Promise<void>) {
    return html`<button
      class=${kind}
      aria-disabled=${this.busy ? "true" : nothing}
      @click=${() => void this.act(act)}
    >
      ${text}
    </button>`;
  }

  private async act(act: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.changed();
    try {
      await act();
    } catch (error) {
      this.givenBack = false;
      announce((error as Problem).message, true);
    } finally {
      this.busy = false;
      this.changed();
    }
  }

  /** The page says from whom: whoever presses knows it. */
  private async take(taken: Taken | null): Promise<void> {
    await take(this.channel, taken !== null);
    this.mine = true;
    void this.keepConnected();
    announce("Vous avez le clavier. La machine se tait.");
    goOnTo("#typed");
  }

  private async giveBack(): Promise<void> {
    this.givenBack = true; // the socket may be faster than the reply
    this.rest(); // first: a connection that opens would take the channel again
    this.socket?.close();
    await release(this.channel);
    announce("La machine écrit de nouveau.");
  }

  /** What was not said by then is not said minutes later. */
  private rest(): void {
    this.mine = false;
    this.draft = "";
    this.waiting.length = 0;
  }

  private async keepConnected(): Promise<void> {
    const turn = ++this.turn;
    const ours = () => this.mine && turn === this.turn; // never two connections
    for (let failures = 0; ours(); failures += 1) {
      const lasted = await this.connect();
      if (lasted) failures = 0;
      if (ours()) await pause(jitter(failures, 0.5, 5));
    }
  }

  /** Resolves when the connection is over, with whether one could write. */
  private connect(): Promise<boolean> {
    return new Promise((over) => {
      const socket = new WebSocket(streamOf(this.channel));
      this.socket = socket;
      socket.onmessage = ({ data }) => {
        const said = JSON.parse(data as string) as { type: string; detail?: string };
        if (said.type === "problem") announce(said.detail ?? "Ce texte n’a pas pu partir.", true);
        if (said.type !== "taken" || socket !== this.socket) return;
        this.granted = socket;
        for (const text of this.waiting.splice(0)) this.say("line", text);
        this.changed();
      };
      socket.onclose = ({ code }) => {
        if (code === OVER && this.mine && socket === this.socket) {
          this.rest();
          announce("Vous n’écrivez plus les sous-titres.", true);
        }
        this.changed();
        over(socket === this.granted);
      };
    });
  }

  private type(text: string): void {
    this.draft = text;
    // Whole words: half of one reads badly.
    if (/\s$/.test(text) || !text) this.say("words", text.trim());
    this.changed();
  }

  private send(): void {
    const text = this.draft.trim();
    if (!text) return;
    if (!this.say("line", text)) {
      if (this.waiting.length >= KEPT) return announce("Trop de lignes attendent déjà.", true);
      this.waiting.push(text);
    }
    this.draft = "";
    this.changed();
  }

  private say(type: "line" | "words", text: string): boolean {
    if (this.granted?.readyState !== WebSocket.OPEN) return false;
    this.granted.send(JSON.stringify({ type, text }));
    return true;
  }
}

function writer(taken: Taken | null): string {
  if (!taken) return "La machine écrit les sous-titres.";
  const how = taken.source === "keyboard" ? "au clavier" : "par un flux de texte";
  const who = taken.by || "Une personne de l’équipe";
  return `${who} écrit les sous-titres ${how} depuis ${hour(taken.at)}.`;
}
