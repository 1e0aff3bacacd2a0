// A table's page: what is asked, the time left, and the ideas that lie on it. On one's own phone, or
// on the table's tablet, where one person follows the other (kiosk.ts).

import { html, nothing, render } from "lit";
import { drafts } from "./anew";
import { call, type Problem } from "./api";
import * as clock from "./clock";
import { Kiosk } from "./kiosk";
import type {
  Cafe,
  Cluster,
  Idea,
  OwnIdeas,
  Progress,
  Sending,
  Synthesis,
  Table,
} from "./lab_items";
import { bringing, budget, byPhone, nothingHere, question, tiles } from "./labs/at_table";
import { board, type Note, READ_FIRST, type Session } from "./labs/board";
import { Carrying } from "./labs/carrying";
import { CONTRIBUTIONS, give, giving } from "./labs/giving";
import { others, sharedWith } from "./labs/others";
import { IdeaPad, type Written } from "./labs/pad";
import { Presence } from "./labs/presence";
import { received, sentTo } from "./labs/received";
import { left, stepName, takesIdeas, timer } from "./labs/round";
import { scanned, seated, settle } from "./labs/seat";
import { Sketch } from "./labs/sketch";
import { Live } from "./live";
import type { Letter } from "./outbox";
import { drawing, page } from "./page";
import { Composer } from "./parts/composer";
import { status } from "./parts/heading";
import { Hints } from "./parts/hints";
import * as icons from "./parts/icons";
import { labOf, tableNumber } from "./parts/lab_sign";
import { goOnTo } from "./parts/places";
import { announce } from "./parts/text";
import { Voting } from "./parts/voting";
import { keepVotingCode } from "./parts/voting_code";
import { Oneself, type Person } from "./person";
import type { Anchor, Answer, Mine, Poll, Talk } from "./protocol";
import { enter, roleOf, whenJoined } from "./session";
import "./shell";
import { AUDIENCE, ranked } from "./talks";

const HOSTS = ["host", "moderator", "operator", "admin"];
const LAST = 60; // seconds before the end of a round, said once

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const { labs = [], lab: slug = "", table: here = "" } = page;
const lab = labOf(labs, slug);
const draw = drawing(redraw);
const live = new Live(draw);
const carrying = new Carrying(carry);
const arriving = scanned();
const presence = new Presence(slug, draw);
let at: Acting | undefined; // once the server said whose device this is
let session: Session | undefined;
let talk: Talk | undefined; // the one on the set
let step = ""; // the one that was announced last
let ending = ""; // the one whose last minute was
const fresh = new Map<string, Idea>(); // that the server has, and their own view has not brought yet

/** Who acts on this page, and what they act with. */
interface Acting {
  person: Person;
  pad: IdeaPad;
  voting: Voting;
  composer: Composer;
  kiosk: Kiosk | undefined;
}

if (lab) document.body.style.setProperty("--lab", lab.colour);
whenJoined(() => live.reopen());
void enter().then((trouble) => {
  if (trouble) announce(trouble, true);
  follow();
  call<{ place: string }>("GET", "/api/v1/session").then((who) => presence.learn(who)).catch(() => {});
});
setInterval(tick, 1000);

function begin(role: string): Acting {
  const kiosk = role === "kiosk" ? new Kiosk(here, live, draw) : undefined;
  const person = kiosk ?? new Oneself(live, draw);
  const sketch = new Sketch();
  const pad = new IdeaPad(person, `idea.${here}`, sketch, write, draw);
  const voting = new Voting(person, ({ id }) => void askTime(person, id), draw);
  const hints = new Hints(
    () => composer.draw(),
    ({ id }) =>
      person.send({ what: "support", method: "PUT", path: `/api/v1/questions/${id}/support` }),
    (method, path, body) => person.call(method, path, body),
  );
  const composer: Composer = new Composer(
    clock.now,
    ask,
    async () => hints,
    "Question de la table",
    !person.shared,
  );
  drafts.push(() => pad.drafting || (!!kiosk && (voting.pending || composer.pending)));
  person.onSent = sent;
  person.onRefused = refused;
  if (kiosk) {
    document.body.classList.add("on-kiosk");
    kiosk.drafting = () => pad.drafting || voting.pending || composer.pending;
    kiosk.onNew = () => {
      for (const dialog of document.querySelectorAll("dialog")) if (dialog.open) dialog.close();
      pad.forget();
      voting.forget();
      keepVotingCode("");
      composer.done();
      fresh.clear();
    };
    document.querySelector(".brand")?.removeAttribute("href"); // it stays at its table
  } else if (arriving) {
    settle(person, slug, here);
  }
  return { person, pad, voting, composer, kiosk };
}

function follow(): void {
  const topics = ["talks", `lab:${slug}`, `table:${here}`, "shared", "sent"];
  if (talk) topics.push(`talk:${talk.id}`);
  if (at && !at.person.shared) topics.push("me:cafe", ...(talk ? [`me:${talk.id}`] : []));
  live.follow(...topics);
}

function redraw(): void {
  const role = roleOf(live, draw);
  if (role === undefined) return;
  at ??= begin(role);
  at.kiosk?.follow();
  const talks = live.items<Talk>("talks", "talk");
  const [first] = ranked(talks, page.channel, AUDIENCE);
  talk = first?.state === "live" ? first : undefined;
  session = current();
  follow();
  if (talk) at.composer.about(talk.id, talk.slow);
  render(status(undefined, live.connected), $("#status"));
  render(at.kiosk?.bar() ?? nothing, $("#kiosk"));
  render(received(sentTo(slug, live.items<Sending>("sent", "sending")), labs, talks), $("#received"));
  render(syntheses(), $("#syntheses"));
  if (at.kiosk) presence.invite(here);
  render(presence.invitation ? byPhone(presence.invitation) : nothing, $("#phone"));
  drawSession(at);
  tick();
}

/** What changes with time alone. */
function tick(): void {
  if (!at) return;
  render(session ? timer(session.progress, session.cafe, clock.now()) : nothing, $("#clock"));
  render(polls(at), $("#polls"));
  tell();
}

/** What the laboratory shows, over or under way. */
function current(): Session | undefined {
  const topic = `lab:${slug}`;
  const progress = live.item<Progress>(topic, "progress", slug);
  const cafe = progress && live.item<Cafe>(topic, "cafe", progress.cafe);
  if (!progress || !cafe) return undefined;
  const tables = live.items<Table>(topic, "table").filter((table) => table.cafe === cafe.id);
  return { cafe, progress, tables: tables.sort((a, b) => a.number - b.number) };
}

function drawSession({ person, pad }: Acting): void {
  const found = session?.tables.some(({ id }) => id === here) ? session : undefined;
  const open = found && takesIdeas(found.progress, found.cafe) ? found : undefined;
  render(
    found ? question(lab, found.progress, found.cafe) : nothingHere(lab, Boolean(session)),
    $("#place"),
  );
  const where = found ? being(found, person) : nothing;
  const looking = choosing(found);
  render(looking ? nothing : where, $("#being"));
  render(open ? pad.render(help(open)) : nothing, $("#writing"));
  $("#writing").hidden = !open;
  render(found ? own(found, open) : nothing, $("#mine"));
  render(looking && session ? choice(session, where) : nothing, $("#moving"));
  render(found ? lying(found, person) : nothing, $("#board"));
}

function being({ cafe }: Session, person: Person) {
  const hosts = HOSTS.includes(roleOf(live, draw) ?? "");
  if (hosts) {
    const address = `/labo/${slug}/table/${page.number ?? 0}/hote`;
    return html`<a class="primary" href=${address}>Animer la table</a>`;
  }
  if (person.shared || cafe.state !== "open") return nothing;
  return seated(person, cafe, here)
    ? html`<p class="chip good"><span class="lamp"></span>Vous êtes à cette table</p>`
    : html`<button
        class="primary soft"
        @click=${() => {
          settle(person, slug, here);
          goOnTo("#main");
        }}
      >
        Je m’installe à cette table
      </button>`;
}

/** True if the device is known not to have shown a code of this laboratory. */
function remote(): boolean {
  return presence.proved === false && !at?.kiosk && !HOSTS.includes(roleOf(live, draw) ?? "");
}

/** What becomes of an idea that is written now. */
function help({ cafe, progress, tables }: Session): string {
  if (remote()) return READ_FIRST;
  if (progress.step === "moving") return `Elle compte encore pour le tour ${progress.round}.`;
  const revealed = tables.find(({ id }) => id === here)?.revealed ?? 0;
  return cafe.private && progress.step === "round" && revealed < progress.round
    ? "Notée pour vous seulement, jusqu’à ce que l’hôte montre toutes les idées."
    : "Elle se pose sur la table, où tout le monde la voit.";
}

function own({ cafe }: Session, open: Session | undefined) {
  const { person, composer } = at as Acting;
  const mine = person.own<OwnIdeas>("cafe");
  const elsewhere = (mine?.ideas ?? []).filter(
    ({ cafe: of, table, stops, state }) =>
      of === cafe.id &&
      state === "shown" &&
      table !== here &&
      !stops.some((stop) => stop.table === here),
  );
  return html`${open && cafe.dots ? budget(giving(cafe, mine, person.deciding), cafe) : nothing}
    ${open ? bringing(elsewhere, (idea) => carry(idea, here)) : nothing}
    ${
      talk && talk.questions !== "off" && cafe.state === "open" && !remote()
        ? html`<button class="quiet" @click=${() => composer.open()}>
            ${icons.ask} Question de la table au plateau
          </button>`
        : nothing
    }`;
}

function polls({ person, voting }: Acting) {
  if (!talk) return nothing;
  const { id } = talk;
  const open = live.items<Poll>(`talk:${id}`, "poll").filter(({ state }) => state === "open");
  const answers = live.items<Answer>(`talk:${id}`, "answer");
  return open.length
    ? html`<h2 class="visually-hidden">Sondage du plateau</h2>
        ${open.map((poll) => voting.render(poll, person.own<Mine>(id), answers))}`
    : nothing;
}

/** Whether people look for a table: before the first round, between two, or from a wrong address. */
function choosing(found: Session | undefined): boolean {
  if (session?.cafe.state !== "open" || at?.person.shared) return false;
  return !found || found.progress.step === "moving" || found.progress.step === "waiting";
}

function choice({ tables, cafe, progress }: Session, where: unknown) {
  const title = progress.step === "moving" ? "Votre prochaine table" : "Les tables";
  return html`<section class="moving" aria-labelledby="moving-title">
    <header><h2 id="moving-title">${title}</h2>${where}</header>
    ${tiles(tables, cafe, here)}
  </section>`;
}

function lying(found: Session, person: Person) {
  const topic = `table:${here}`;
  const { id } = found.cafe;
  const clusters = live.items<Cluster>(topic, "cluster");
  const { ideas, own } = known(live.items<Idea>(topic, "idea"), person.own<OwnIdeas>("cafe"));
  return board(
    {
      ...found,
      here,
      labs,
      ideas: ideas.filter(({ cafe, state }) => cafe === id && state === "shown"),
      clusters: clusters.filter(({ cafe, table }) => cafe === id && table === here),
      own,
      letters: person.letters,
      deciding: person.deciding,
      waiting: person.waiting,
    },
    {
      give: (idea, step) => give(person, found.cafe, idea.id, step),
      carry: (idea) => carrying.open(idea, found.tables),
      withdraw,
    },
  );
}

/** With what has just arrived, so that no card is away, or nobody's, while its views are on the way. */
function known(ideas: Idea[], own: OwnIdeas | undefined) {
  for (const { id } of own?.ideas ?? []) fresh.delete(id);
  if (!own || !fresh.size) return { ideas, own };
  const mine = [...fresh.values()];
  const more = mine.filter(({ id }) => !ideas.some((idea) => idea.id === id));
  return { ideas: [...ideas, ...more], own: { ...own, ideas: [...(own.ideas ?? []), ...mine] } };
}

function syntheses() {
  const found = sharedWith(slug, live.items<Synthesis>("shared", "synthesis"));
  return found.length
    ? html`<section aria-labelledby="others-title">
        <h2 id="others-title">Les synthèses partagées</h2>
        ${others(found, labs)}
      </section>`
    : nothing;
}

function write({ text, alt, picture }: Written): boolean {
  if (!at || !session) return false;
  const { person } = at;
  const { cafe, progress } = session;
  const body = { cafe: cafe.id, table: here, round: progress.round, text, alt };
  const note: Note = { table: here, text, picture: Boolean(picture) };
  sit(person);
  return person.send({
    what: "idea",
    method: "POST",
    path: CONTRIBUTIONS,
    body,
    note,
    ...(picture ? { picture } : {}),
  });
}

/** Whoever does something for this table sits there; the tablet's people do by their first act. */
function sit(person: Person): void {
  const elsewhere = session && !person.shared && !seated(person, session.cafe, here);
  if (elsewhere) settle(person, slug, here);
}

function carry({ id }: Idea, table: string): void {
  const path = `${CONTRIBUTIONS}/${id}:carry`;
  const taken = at?.person.send({ what: "carry", method: "POST", path, body: { table } });
  if (taken && table !== here) announce(`Idée portée à la table ${tableNumber(table)}.`);
}

function withdraw({ id }: Idea): void {
  at?.person.send({ what: "withdraw", method: "POST", path: `${CONTRIBUTIONS}/${id}:withdraw` });
}

function ask(body: string, anchor: Anchor): void {
  const path = `/api/v1/talks/${talk?.id ?? ""}/questions`;
  const said = { body, anchor, table: here };
  if (at) sit(at.person);
  at?.person.send({ what: "question", method: "POST", path, body: said, note: { body, anchor } });
}

async function askTime(person: Person, poll: string): Promise<void> {
  await person
    .call("POST", `/api/v1/polls/${poll}:more_time`)
    .catch((problem: Problem) => announce(problem.message, true));
}

function sent({ what, method }: Letter, reply: unknown): void {
  if (what === "sit" && method === "PUT") presence.learn(reply as { place?: string });
  if (what === "idea") {
    const idea = reply as Idea;
    if (idea.table === here) fresh.set(idea.id, idea);
    announce(
      idea.state !== "pending"
        ? "Idée ajoutée."
        : idea.proved === false
          ? READ_FIRST
          : "Idée envoyée. L’hôte la relit avant que la table la voie.",
    );
  }
  if (what === "question") announce("Question envoyée. Elle sera relue avant publication.");
}

/** What they wrote is never lost. */
function refused({ what, note }: Letter, problem: Problem): void {
  announce(at?.composer.whyNot(problem) ?? problem.message, true);
  const written = note as Partial<Note> | undefined;
  if (what === "idea" && written?.table === here && written.text) at?.pad.putBack(written.text);
  if (what === "question") at?.composer.putBack(note as { body: string; anchor: Anchor });
}

/** Where the session is: said once, also to screen readers. */
function tell(): void {
  if (!session) return;
  const { cafe, progress } = session;
  const now = `${cafe.id} ${cafe.state} ${progress.step} ${progress.round}`;
  if (step && step !== now) announce(`${stepName(progress, cafe)}.`);
  step = now;
  const rest = left(progress, clock.now());
  const last = rest != null && rest > 0 && rest <= LAST && progress.step === "round";
  if (last && progress.left == null && ending !== now) {
    ending = now;
    announce("Encore une minute.");
  }
}
