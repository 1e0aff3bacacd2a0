// What the API lets the crew do to captions: correct, replace always, name, listen to a person.

import { call } from "./api";
import type { Cue, Instant, Rule } from "./protocol";

const API = "/api/v1";

/** What a person does to a cue; what is left out stays as it is. */
export interface Edit {
  text?: string;
  speaker?: string;
  hidden?: boolean;
}

/** What a cue was, the newest last. */
export interface Version {
  at: Instant;
  by: string; // "": the machine
  text: string;
  speaker: string;
  hidden: boolean;
}

interface Spread {
  p50: number;
  p95: number;
}

/** How captions fare: in the last hour, and since their process began. Times in seconds. */
export interface Quality {
  lag: Spread | null; // of a settled word, after it was said
  reading_speed: (Spread & { fast: number }) | null; // characters a second; the share too fast
  words: number;
  edits: number;
  since: Instant | null; // when their process began: from here on, since then
  refused: Record<string, number>; // what was not believed, by the reason
  dropped: number; // cues that the store did not take
  paused: number;
  second_pass: { waiting: number; cues: number } | null;
}

/** Change a cue of which this revision is known. 412 when there is a newer one. */
export function correct({ id, revision }: Cue, edit: Edit): Promise<Cue> {
  const known = { "if-match": `"${revision}"` };
  return call("PATCH", `${API}/cues/${encodeURIComponent(id)}`, edit, known);
}

/** Every cue of a talk, as it stands; those that are hidden are not among them. */
export async function cuesOfTalk(talk: string): Promise<Cue[]> {
  const path = `${API}/talks/${encodeURIComponent(talk)}/captions.json`;
  return (await call<{ items: Cue[] }>("GET", path)).items;
}

export async function historyOf({ id }: Cue): Promise<Version[]> {
  const path = `${API}/cues/${encodeURIComponent(id)}/history`;
  return (await call<{ items: Version[] }>("GET", path)).items;
}

export function replaceAlways(heard: string, written: string): Promise<Rule> {
  return call("POST", `${API}/captions/rules`, { heard, written });
}

export function replaceNoLonger({ id }: Rule): Promise<void> {
  return call("DELETE", `${API}/captions/rules/${encodeURIComponent(id)}`);
}

/** The terms of a talk; "": those of the whole event. */
export async function glossaryOf(talk: string): Promise<string[]> {
  return (await call<{ terms: string[] }>("GET", glossary(talk))).terms;
}

export async function setGlossary(talk: string, terms: string[]): Promise<string[]> {
  return (await call<{ terms: string[] }>("PUT", glossary(talk), { terms })).terms;
}

function glossary(talk: string): string {
  return talk ? `${API}/talks/${encodeURIComponent(talk)}/glossary` : `${API}/glossary`;
}

/** Write instead of the machine; `over`: also instead of whoever does so now. */
export function take(channel: string, over: boolean): Promise<void> {
  return call("POST", `${API}/channels/${channel}/captions:take`, { source: "keyboard", over });
}

export function release(channel: string): Promise<void> {
  return call("POST", `${API}/channels/${channel}/captions:release`, {});
}

/** Who speaks from now on; "": nobody knows. */
export function nameSpeaker(channel: string, speaker: string): Promise<void> {
  return call("POST", `${API}/channels/${channel}/captions:name`, { speaker });
}

export function qualityOf(channel: string): Promise<Quality> {
  return call("GET", `${API}/channels/${channel}/captions/quality`);
}

/** Where a person's words go. */
export function streamOf(channel: string): URL {
  const path = `${API}/channels/${channel}/captions/stream?source=keyboard`;
  const address = new URL(path, location.href);
  address.protocol = address.protocol.replace("http", "ws");
  return address;
}
