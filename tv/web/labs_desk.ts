// The laboratories in the control room: rounds driven, ideas read, syntheses lined up for air.

import { nothing, render } from "lit";
import { Asking, Labs } from "./asking";
import * as clock from "./clock";
import { Undo } from "./control_room/undo";
import { count, seconds } from "./french";
import type { Cafe, Comment, Idea, Progress, Sending, Synthesis, Table } from "./lab_items";
import { CafeForm } from "./labs_desk/cafe_form";
import { cafes as planned } from "./labs_desk/cafe_list";
import { compared, type Comparison, latest } from "./labs_desk/comparison";
import { type Desk, drivers } from "./labs_desk/driving";
import { type Doubtful, reading, writtenAt } from "./labs_desk/reading";
import { sendings } from "./labs_desk/sendings";
import { shared } from "./labs_desk/shared";
import { Live } from "./live";
import { drawing } from "./page";
import { status } from "./parts/heading";
import { blocked } from "./parts/blocked";
import { closedDoor } from "./parts/door";
import { Picking } from "./parts/picking";
import { goOnTo, keepingPlace } from "./parts/places";
import { SendToLab } from "./parts/send_to_lab";
import { Steady } from "./parts/steady";
import type { Block, Entry, Talk } from "./protocol";
import { Requests } from "./requests";
import { enter, roleOf } from "./session";

const CREW = ["moderator", "operator", "admin"];
const RUNNERS = ["operator", "admin"]; // who drives rounds and puts on air
const LOOKING = 5; // seconds between two looks at what no topic brings
const COMPARING = 10;

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const draw = drawing(redraw);
const live = new Live(draw);
const requests = new Requests(draw);
const sending = new SendToLab(requests);
const form = new CafeForm(draw, requests, () => goOnTo("#cafes-title"));
const counted = new Asking<{ items: Table[] }>(LOOKING, draw); // with how many ideas they have
const unread = new Asking<{ items: Idea[] }>(LOOKING, draw); // those of tables come by no topic
const dotted = new Asking<{ items: Idea[] }>(LOOKING, draw); // those with dots set aside
const comparison = new Asking<Comparison>(COMPARING, draw);
const labs = new Labs(draw);
const lined = new Steady($("#shared"));
const undo = new Undo($("#undo"), true);
const picking = new Picking<Doubtful>(
  {
    route: ({ kind }) =>
      kind === "idea" ? ["/api/v1/contributions", "ideas"] : ["/api/v1/comments", "comments"],
    some: (n) => count(n, "envoi", "envois"),
    refused: (n) => count(n, "envoi refusé", "envois refusés"),
    at: writtenAt,
    done: () => void unread.ask(),
  },
  requests,
  undo,
  new Steady($("#reading")),
  draw,
);
let trouble = "";
let chosen = ""; // the café to compare; "": the one that is on, or was last

void enter().then((problem) => {
  trouble = problem;
  live.follow("cafes", "labs", "ideas", "rundown", "talks", "blocks");
});
setInterval(draw, 1000);

function redraw(): void {
  const role = roleOf(live, draw);
  if (role === undefined) return;
  const allowed = CREW.includes(role);
  $("#desk").hidden = !allowed;
  render(allowed ? nothing : closedDoor("Laboratoires", trouble, role), $("#closed"));
  if (!allowed) return;

  const all = live.items<Cafe>("cafes", "cafe");
  const desk = { now: clock.now(), requests, labs: labs.all, mayRun: RUNNERS.includes(role) };
  render(status(undefined, live.connected), $("#health"));
  drawDriving(all, desk);
  drawReading(all, desk);
  drawShared(desk);
  const sent = live.items<Sending>("labs", "sending");
  render(
    sendings(sent, desk, (said, done) => sending.open(said, said.text ?? "", done)),
    $("#sendings"),
  );
  render(planned(all, { ...desk, form }), $("#cafes"));
  drawComparison(all);
}

function drawDriving(all: Cafe[], desk: Desk): void {
  const open = all.filter(({ type, state }) => type === "world_cafe" && state === "open");
  const told = new Map(counted.of("/api/v1/tables")?.items.map((table) => [table.id, table]));
  const tables = live
    .items<Table>("labs", "table")
    .map((table): Table => ({ ...told.get(table.id), ...table }));
  render(drivers(open, live.items<Progress>("labs", "progress"), tables, desk), $("#driving"));
}

function drawReading(all: Cafe[], desk: Desk): void {
  const known = unread.of("/api/v1/contributions?state=pending&limit=500")?.items ?? [];
  const ideas = new Map(known.map((idea) => [idea.id, idea]));
  // The socket, where it brings an idea, knows more than the last look.
  for (const idea of live.items<Idea>("ideas", "idea")) ideas.set(idea.id, idea);
  const waiting: Doubtful[] = [...ideas.values(), ...live.items<Comment>("ideas", "comment")]
    .filter(({ state }) => state === "pending")
    .sort((a, b) => writtenAt(a) - writtenAt(b));
  const aside = dotted.of("/api/v1/contributions?state=shown&aside=dots&limit=100")?.items ?? [];
  const syntheses = live.items<Synthesis>("labs", "synthesis");
  const about = new Map(syntheses.map((each) => [each.id, each]));
  picking.about(waiting);
  keepingPlace($("#reading"), () =>
    render(reading(waiting, aside, { ...desk, cafes: all, about, act, picking }), $("#reading")),
  );
  render(blocked(live.items<Block>("blocks", "block"), requests), $("#blocked"));
  counts("reading", waiting.length + aside.length);
}

function drawShared(desk: Desk): void {
  const all = lined.order(
    live
      .items<Synthesis>("labs", "synthesis")
      .filter(({ state }) => state === "shared")
      .sort((a, b) => (seconds(b.shared_at) ?? 0) - (seconds(a.shared_at) ?? 0)),
  );
  const entries = live.items<Entry>("rundown", "entry");
  const told = live
    .items<Talk>("talks", "talk")
    .find(({ state, type }) => state === "live" && type === "restitution");
  const send = ({ id, title }: Synthesis) => sending.open({ type: "synthesis", shows: id }, title);
  const places = all.map(({ id }) => id).join();
  lined.draw(places, () => render(shared(all, { ...desk, entries, told, send }), $("#shared")));
  counts("shared", all.length);
}

function drawComparison(all: Cafe[]): void {
  const sessions = all.filter(({ type, state }) => type === "world_cafe" && state !== "draft");
  const one = (sessions.find(({ id }) => id === chosen) ?? latest(sessions))?.id ?? "";
  const found = comparison.of(one && `/api/v1/cafes/${one}/comparison`);
  const choose = (cafe: string) => {
    chosen = cafe;
    draw();
  };
  render(compared(found, sessions, one, choose), $("#comparison"));
}

function counts(name: string, n: number): void {
  for (const id of [`#${name}-count`, `#jump-${name}`]) $(id).textContent = String(n || "");
}

async function act(item: Doubtful, verb: string, body?: object): Promise<void> {
  const where = item.kind === "idea" ? "contributions" : "comments";
  await requests.send(item.id, "POST", `/api/v1/${where}/${item.id}:${verb}`, body);
  await unread.ask();
}
