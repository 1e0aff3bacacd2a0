// The control room's questions, in three columns: to read, published, on air. All of it by keys.

import { html, nothing, render } from "lit";
import { call } from "../api";
import * as clock from "../clock";
import { count, reason, seconds } from "../french";
import type { Live } from "../live";
import { blocked } from "../parts/blocked";
import { answered, type Desk, line, pending, settled } from "../parts/desk";
import { nearest, queued } from "../parts/moderating";
import { oneLine } from "../parts/one_line";
import { Picking, type What } from "../parts/picking";
import { goOn, keepingPlace, step } from "../parts/places";
import { ordered } from "../parts/questions";
import { Refusal } from "../parts/refusal";
import { Steady } from "../parts/steady";
import type { Block, Question, Reading, Talk } from "../protocol";
import type { Requests } from "../requests";
import { slowMode } from "./slow_mode";
import type { Undo } from "./undo";

/** « Question de la salle »: asked aloud, written down here, on air at once. */
const FROM_ROOM = {
  id: "room-question",
  label: "Question de la salle",
  most: 500,
  button: "Envoyer à l’antenne",
};

const COLUMNS = ["#pending", "#line", "#answers"];

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

export class Questions {
  send: ((question: Question) => void) | undefined; // to laboratories, where there are any
  private talk = "";
  private mayTake = false;
  private looked = ""; // the question to read that one looks at
  private readonly refusal = new Refusal();
  private readonly steady = new Steady($("#line")); // supports come while one is about to press
  private readonly picking: Picking<Question>; // of those to read

  constructor(
    private readonly live: Live,
    private readonly requests: Requests,
    private readonly undo: Undo,
    changed: () => void,
  ) {
    const what: What<Question> = {
      route: ({ talk }) => [`/api/v1/talks/${talk}/questions`, "questions"],
      some: (n) => count(n, "question", "questions"),
      refused: (n) => count(n, "question refusée", "questions refusées"),
      at: (question) => seconds(question.asked_at) ?? 0,
    };
    const unread = new Steady($("#unread"));
    this.picking = new Picking(what, requests, undo, unread, changed);
    document.addEventListener("focusin", (event) => this.look(event));
  }

  /** How many wait to be read, and for their answer. */
  draw(talk: string, mayTake: boolean): { pending: number; line: number } {
    this.talk = talk;
    this.mayTake = mayTake;
    const all = this.live.items<Question>(`talk:${talk}`, "question");
    const of = (...states: Question["state"][]) =>
      all.filter(({ state }) => states.includes(state));
    const desk = this.desk(all);
    const unread = of("pending").sort(
      (a, b) => (seconds(a.asked_at) ?? 0) - (seconds(b.asked_at) ?? 0),
    );
    const waiting = queued(this.steady.order(ordered(of("approved"), "support")));
    const [onAir] = of("live");
    const past = ordered(of("answered", "rejected", "merged", "withdrawn"), "support");

    const { live, picking, requests } = this;
    picking.about(unread);
    keepingPlace($("#pending"), () =>
      render(pending(unread, desk, picking, (question) => this.refuse(question)), $("#pending")),
    );
    render(picking.head(), $("#picking"));
    render(slowMode(live.item<Talk>("talks", "talk", talk), requests), $("#slow-mode"));
    render(blocked(live.items<Block>("blocks", "block"), requests), $("#blocked"));
    const places = waiting.map(({ id }) => id).join();
    keepingPlace($("#line"), () =>
      this.steady.draw(places, () => render(line(waiting, desk), $("#line"))),
    );
    const room = talk ? oneLine(FROM_ROOM, (body) => this.askForRoom(body)) : nothing;
    keepingPlace($("#answers"), () =>
      render(html`${answered(onAir, desk)} ${room} ${settled(past, desk)}`, $("#answers")),
    );
    $("#pending-count").textContent = String(unread.length || "");
    $("#line-count").textContent = String(waiting.length || "");
    return { pending: unread.length, line: waiting.length };
  }

  private desk(all: Question[]): Desk {
    const looks = this.live
      .items<Reading>(`talk:${this.talk}`, "reading")
      .filter(({ id }) => id !== this.looked);
    return {
      now: clock.now(),
      busy: this.requests.busy,
      act: (question, verb, body) => void this.act(question, verb, body),
      all: new Map(all.map((question) => [question.id, question])),
      readings: new Map(looks.map((look) => [look.id, look])),
      mayTake: this.mayTake,
      send: this.send,
    };
  }

  /** On a card, what it says it answers to; arrows go to others. Returns whether it was for us. */
  key(event: KeyboardEvent): boolean {
    const target = event.target as HTMLElement;
    const card = target.closest<HTMLElement>(".card[data-id]");
    const column = COLUMNS.findIndex((each) => card?.closest(each));
    if (!card || column < 0) return false;
    if (event.key.startsWith("Arrow")) return step(event, card, COLUMNS);
    const id = card.dataset["id"] ?? "";
    const question = this.live.item<Question>(`talk:${this.talk}`, "question", id);
    if (!question) return false;
    if (question.state === "pending" && this.picking.key(event, question)) return true;
    const act = this.keyed(question)[event.key.toLowerCase()];
    act?.();
    if (act && question.state === "pending" && event.key.toLowerCase() !== "r") goOn(card);
    return act !== undefined;
  }

  private keyed(question: Question): Record<string, () => void> {
    const act = (verb: string, body?: object) => () => void this.act(question, verb, body);
    switch (question.state) {
      case "pending": {
        const all = this.live.items<Question>(`talk:${this.talk}`, "question");
        const near = nearest(question, new Map(all.map((each) => [each.id, each])));
        return {
          a: act("approve"),
          r: () => this.refuse(question),
          f: () => void this.approveInTurn(question),
          ...(near && { m: act("merge", { into: near.id }) }),
        };
      }
      case "approved":
        return {
          f: act(question.queue ? "unqueue" : "queue"),
          r: act("reject", { reason: "other" }),
          ...(this.mayTake && { t: act("take") }),
        };
      case "live":
        return { e: act("answer"), r: act("release") };
      default:
        return {};
    }
  }

  /** Let go of the questions that are chosen; returns whether any was. */
  drop(): boolean {
    return this.picking.drop();
  }

  /** The last refusal or merge, taken back. */
  takeBack(): void {
    this.undo.take();
  }

  private async act(question: Question, verb: string, body?: object): Promise<void> {
    const path = `/api/v1/questions/${question.id}`;
    if (!(await this.requests.send(question.id, "POST", `${path}:${verb}`, body))) return;
    const said = undoable(verb, body);
    if (!said) return;
    const back = { to_read: question.state === "pending" };
    this.undo.offer(said, () => void this.act(question, "restore", back));
  }

  private refuse(question: Question): void {
    this.refusal.open(question, (why) => void this.act(question, "reject", { reason: why }));
  }

  /** « Publier et mettre en file », for who knows at once that it is a good one. */
  private async approveInTurn(question: Question): Promise<void> {
    const path = `/api/v1/questions/${question.id}`;
    await this.requests.doing(question.id, async () => {
      await call("POST", `${path}:approve`);
      await call("POST", `${path}:queue`, {});
    });
  }

  private askForRoom(body: string): Promise<boolean> {
    return this.requests.create("room", `/api/v1/talks/${this.talk}/questions:room`, { body });
  }

  /** Others see which card one reads, for a minute; that it is read already is no trouble. */
  private look(event: FocusEvent): void {
    const card = (event.target as HTMLElement).closest<HTMLElement>("#pending .card");
    const id = card?.dataset["id"] ?? "";
    if (!id || id === this.looked) return;
    this.looked = id;
    call("PUT", `/api/v1/questions/${id}/reading`).catch(() => {
      if (this.looked === id) this.looked = "";
    });
  }
}

/** What is said of an act that can be undone; "" for the others. */
function undoable(verb: string, body?: object): string {
  switch (verb) {
    case "reject": {
      const { reason: why = "" } = body as { reason?: string };
      return why === "other" ? "Question refusée." : `Question refusée\u00a0: ${reason(why)}.`;
    }
    case "merge":
      return "Questions regroupées.";
    case "answer":
      return "Réponse donnée.";
    default:
      return "";
  }
}
