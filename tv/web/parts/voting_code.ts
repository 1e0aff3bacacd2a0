// The voting code that this browser knows, in a cookie that the server reads (tv/voting_codes.py).

const KEPT = 14 * 86_400; // seconds

export function votingCode(): string {
  const [, kept = ""] = /(?:^|; )fabrique_vote=([^;]*)/.exec(document.cookie) ?? [];
  return decodeURIComponent(kept);
}

/** "" forgets it. */
export function keepVotingCode(typed: string): void {
  const code = encodeURIComponent(typed);
  document.cookie = `fabrique_vote=${code};path=/;samesite=lax;max-age=${code ? KEPT : 0}`;
}
