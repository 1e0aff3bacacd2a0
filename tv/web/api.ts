import { t } from "./language";
// Requests to our own API. An error that it explains becomes a Problem, with its French detail.

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly retryAfter: number,
  ) {
    super(detail);
  }

  /** Whether the same request may work later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

const TIMEOUT = 10_000; // ms
const UPLOAD = 60_000; // the same for what is not JSON: a picture

export async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json", ...more };
  const raw = body instanceof Blob;
  if (body !== undefined && !raw) headers["content-type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: raw ? body : body === undefined ? null : JSON.stringify(body),
      credentials: "same-origin",
      signal: AbortSignal.timeout(raw ? UPLOAD : TIMEOUT),
    });
  } catch {
    throw new Problem(0, "unreachable", t("Le serveur ne répond pas."), 0);
  }
  const text = await response.text().catch(() => "");
  if (response.ok) return (text ? JSON.parse(text) : null) as T;
  throw explained(response, text);
}

function explained(response: Response, text: string): Problem {
  let details: { detail?: string; title?: string; code?: string; type?: string } = {};
  try {
    details = JSON.parse(text);
  } catch {
    // a proxy's own page: the status says enough
  }
  return new Problem(
    response.status,
    details.code ?? details.type?.split(":").pop() ?? "",
    t(details.detail ?? details.title ?? "") ||
      t("Le serveur a répondu par une erreur ({status}).", { status: response.status }),
    Number(response.headers.get("retry-after")) || 0,
  );
}

/**
 * A key for what is sent until it is known to have arrived: the server does it once.
 * crypto.randomUUID exists only over HTTPS; venues often serve plain HTTP on a local network.
 */
export function identifier(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
