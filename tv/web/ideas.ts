// The public page of ideas: calls to answer, syntheses to read, to support and to speak about.

import { html, nothing, render } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { call as ask, type Problem } from "./api";
import * as clock from "./clock";
import { count } from "./french";
import { keep, recall } from "./kept";
import type { Cafe, Comment, Idea, Lab, OwnIdeas, Sources, Synthesis } from "./lab_items";
import { CONTRIBUTIONS, giving } from "./labs/giving";
import { OWN } from "./labs/seat";
import { t } from "./language";
import { Live } from "./live";
import { type Letter, Outbox } from "./outbox";
import { drawing } from "./page";
import { type Answering, called } from "./parts/calls";
import { answersOf, callsIn, itemOf, toldOn, unsentTo } from "./parts/idea_views";
import { type Filter, filtered, filters, fromAddress, steady, toAddress } from "./parts/idea_filters";
import { labsOnce } from "./parts/lab_sign";
import { type Panel, type Reading, synthesisCard } from "./parts/syntheses";
import { announce } from "./parts/text";
import type { Talk } from "./protocol";
import { enter, whenJoined } from "./session";
import "./shell";

const ARRIVING = 4000; // ms in which what one finds is no news
const SYNTHESES = "/api/v1/syntheses";
const SENT = {
  idea: t("Réponse envoyée. Elle sera relue avant de s’afficher."),
  comment: t("Commentaire envoyé. Il sera relu avant de s’afficher."),
  withdraw: t("C’est retiré."),
};

const $ = (selector: string) => document.querySelector<HTMLElement>(selector) as HTMLElement;

const draw = drawing(redraw);
const live = new Live(draw);
const outbox = new Outbox(draw, (topic) => live.version(topic));
let labs: Lab[] = [];
let filter = fromAddress(location.search);
let linked = decodeURIComponent(location.hash.slice(1)); // the synthesis that a link leads to
let known = false; // what there is: nothing is not the same as not knowing yet
const places = new Map<string, string[]>(); // list → the ids in it, in order
const whole = new Set<string>(); // calls and syntheses that are shown to the end
const panels = new Map<string, Panel>(); // what is open below a synthesis
const sources = new Map<string, Sources>();
const drafts = new Map<string, string>(); // where the device keeps nothing, until the page goes
const seen = new Map<string, string>(); // one's own → the last state that was announced

live.onView = ({ topic }) => {
  known ||= topic === "ideas";
};
outbox.onSent = ({ what }) => {
  if (what in SENT) announce(SENT[what as keyof typeof SENT]);
};
outbox.onRefused = (letter, problem) => {
  announce(problem.message, true);
  if (letter.what === "idea" || letter.what === "comment") putBack(letter);
};
whenJoined(() => live.reopen());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) places.clear(); // whoever comes back finds the order of now
});
setInterval(draw, 10_000); // « il y a 2 min »
void labsOnce().then((found) => {
  labs = found;
  draw();
});
void enter().then((trouble) => {
  if (trouble) announce(trouble, true);
  live.follow("ideas", "cafes", "talks", OWN);
  void outbox.flush();
});

function redraw(): void {
  if (!known) return;
  const me = live.item<OwnIdeas>(OWN, "me", "cafe");
  const all = live.items<Synthesis>("ideas", "synthesis").filter(({ state }) => state === "shared");
  const calls = callsIn(live.items<Cafe>("cafes", "cafe"));
  render(status(), $("#status"));
  render(calls.map((call) => drawCall(call, me)), $("#calls"));
  render(drawSyntheses(all, me), $("#syntheses"));
  $("#syntheses-part").hidden = !all.length && calls.length > 0;
  tell(me);
  arrive(all);
}

function status() {
  return live.connected || !live.welcome
    ? nothing
    : html`<span class="chip trouble"><span class="spinner"></span>${t("Reconnexion…")}</span>`;
}

function drawCall(call: Cafe, me: OwnIdeas | undefined) {
  const answers = answersOf(call, live.items<Idea>("ideas", "idea"));
  return called(
    {
      call,
      answers: inPlace(call.id, answers),
      mine: me?.ideas?.filter(({ cafe }) => cafe === call.id) ?? [],
      unsent: outbox.waiting ? unsentTo(outbox.letters, "idea", call.id) : [],
      ...giving(call, me, outbox.deciding),
      draft: draftOf(`idea.${call.id}`),
      whole: whole.has(call.id),
      now: clock.now(),
    },
    answering,
  );
}

const answering: Answering = {
  write(call, text) {
    write(`idea.${call.id}`, text);
  },
  send({ id: cafe }) {
    const text = draftOf(`idea.${cafe}`).trim();
    if (!text) return;
    const body = { cafe, text };
    outbox.send({ what: "idea", method: "POST", path: CONTRIBUTIONS, body, note: { of: cafe, text } });
    write(`idea.${cafe}`, "");
    offline();
  },
  dot({ id, cafe }, on) {
    const path = `${CONTRIBUTIONS}/${id}/dots`;
    const body = { dots: on ? 1 : 0 };
    outbox.send({ what: "dots", method: "PUT", path, topic: OWN, body, note: { cafe } });
  },
  withdraw({ id }) {
    outbox.send({ what: "withdraw", method: "POST", path: `${CONTRIBUTIONS}/${id}:withdraw` });
  },
  showAll({ id }) {
    whole.add(id);
    draw();
  },
};

function drawSyntheses(all: Synthesis[], me: OwnIdeas | undefined) {
  if (!all.length) {
    return html`<p class="empty">
      ${t("Les synthèses des laboratoires s’afficheront ici dès qu’une table partagera la sienne.")}
    </p>`;
  }
  const found = filtered(all, labs, filter);
  const shown = inPlace(toAddress(filter) || "all", found);
  const talks = live.items<Talk>("talks", "talk");
  return html`${filters(all, labs, live.items<Cafe>("cafes", "cafe"), filter, choose)}
    <p class="note" role="status">
      ${
        found.length === all.length
          ? count(all.length, "synthèse", "synthèses")
          : t("{shown} sur {whole}", {
              shown: count(found.length, "synthèse", "synthèses"),
              whole: all.length,
            })
      }
    </p>
    ${
      found.length
        ? nothing
        : html`<p class="empty">
            ${t("Aucune ne répond à ces choix.")}
            <button class="link" @click=${() => choose(fromAddress(""))}>${t("Tout montrer")}</button>
          </p>`
    }
    <div class="syntheses">
      ${repeat(
        shown,
        ({ id }) => id,
        (synthesis) => drawSynthesis(synthesis, me, talks),
      )}
    </div>`;
}

function drawSynthesis(synthesis: Synthesis, me: OwnIdeas | undefined, talks: Talk[]) {
  const { id } = synthesis;
  const mine = me?.comments?.filter((comment) => comment.synthesis === id) ?? [];
  const support = outbox.deciding.findLast(
    ({ what, path }) => what === "support" && itemOf(path) === id,
  );
  const comments = live.items<Comment>("ideas", "comment");
  return synthesisCard(
    {
      synthesis,
      labs,
      supported: support ? support.method === "PUT" : (me?.supports.includes(id) ?? false),
      whole: whole.has(id),
      panel: panels.get(id),
      sources: sources.get(id),
      told: toldOn(synthesis, talks),
      said: {
        comments: comments.filter((comment) => comment.synthesis === id),
        mine,
        unsent: outbox.waiting ? unsentTo(outbox.letters, "comment", id) : [],
        draft: panels.get(id) === "comments" ? draftOf(`comment.${id}`) : "",
        now: clock.now(),
      },
    },
    reading,
  );
}

const reading: Reading = {
  support({ id }, on) {
    const method = on ? "PUT" : "DELETE";
    outbox.send({ what: "support", method, path: `${SYNTHESES}/${id}/support`, topic: OWN });
  },
  unfold({ id }) {
    if (!whole.delete(id)) whole.add(id);
    draw();
  },
  open({ id }, panel) {
    if (panels.get(id) === panel) panels.delete(id);
    else panels.set(id, panel);
    if (panels.get(id) === "sources") void loadSources(id);
    draw();
  },
  write({ id }, text) {
    write(`comment.${id}`, text);
  },
  send({ id }) {
    const text = draftOf(`comment.${id}`).trim();
    if (!text) return;
    const path = `${SYNTHESES}/${id}/comments`;
    outbox.send({ what: "comment", method: "POST", path, body: { text }, note: { of: id, text } });
    write(`comment.${id}`, "");
    offline();
  },
  withdraw({ id }) {
    outbox.send({ what: "withdraw", method: "POST", path: `/api/v1/comments/${id}:withdraw` });
  },
};

/** Ideas of tables are on no public topic: they come with the synthesis that is made of them. */
async function loadSources(id: string): Promise<void> {
  try {
    const found = await ask<{ sources: Sources }>("GET", `${SYNTHESES}/${id}`);
    sources.set(id, found.sources);
  } catch (problem) {
    panels.delete(id);
    announce((problem as Problem).message, true);
  }
  draw();
}

function choose(change: Partial<Filter>): void {
  filter = { ...filter, ...change };
  places.clear();
  history.replaceState(null, "", location.pathname + toAddress(filter));
  draw();
}

function inPlace<T extends { id: string }>(list: string, sorted: T[]): T[] {
  const shown = steady(places.get(list) ?? [], sorted);
  places.set(
    list,
    shown.map(({ id }) => id),
  );
  return shown;
}

function draftOf(name: string): string {
  return drafts.get(name) ?? recall(name, "");
}

function write(name: string, text: string): void {
  drafts.set(name, text);
  keep(name, text);
  draw();
}

/** What they wrote is never lost: it is their draft again, before what they wrote since. */
function putBack({ what, note }: Letter): void {
  const { of, text } = (note ?? {}) as { of?: string; text?: string };
  if (!of || !text) return; // written on a table's page
  const since = draftOf(`${what}.${of}`);
  write(`${what}.${of}`, since ? `${text}\n${since}` : text);
}

function offline(): void {
  if (!navigator.onLine) announce(t("Hors ligne. Cela partira dès le retour du réseau."));
}

/** Go where a link leads, once it is there. */
function arrive(all: Synthesis[]): void {
  if (!linked || !all.some(({ id }) => id === linked)) return;
  const id = linked;
  linked = "";
  whole.add(id);
  if (!filtered(all, labs, filter).some((each) => each.id === id)) {
    filter = fromAddress("");
    draw();
  }
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const card = document.getElementById(id);
      card?.scrollIntoView({ block: "start" });
      card?.focus({ preventScroll: true });
    }),
  );
  draw();
}

/** What became of one's own: said once, also to screen readers. */
function tell(me: OwnIdeas | undefined): void {
  const texts: Record<string, string> = {
    shown: t("Votre réponse est publiée."),
    hidden: t("Votre réponse n’a pas été retenue."),
    approved: t("Votre commentaire est publié."),
    rejected: t("Votre commentaire n’a pas été retenu."),
  };
  const own = me?.ideas?.filter(({ table }) => !table) ?? [];
  for (const { id, state } of [...own, ...(me?.comments ?? [])]) {
    const before = seen.get(id);
    seen.set(id, state);
    const news = before !== undefined || performance.now() > ARRIVING;
    if (news && before !== state && texts[state]) announce(texts[state]);
  }
}
