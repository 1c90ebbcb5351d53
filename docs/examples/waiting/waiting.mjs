// Ways to wait for a task, for pages and for Node: import one of them, or try it with Node:
//   node waiting.mjs events TASK_ID      (or longPoll; with Node 22 and later webSocket)
// A key is an option. Pages of another origin than the service's need AFTERWORD_CORS_ORIGINS.

const FINAL = new Set(["completed", "failed", "cancelled"]);
const PASSING = new Set([429, 502, 503, 504]);
const signed = (key) => (key ? { Authorization: `Bearer ${key}` } : {});
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Fetch, as often as it takes; a refusal that will not pass is thrown. */
async function persistently(url, headers) {
  for (;;) {
    const answer = await fetch(url, { headers }).catch(() => null);
    if (answer?.ok || answer?.status === 304) return answer;
    if (answer && !PASSING.has(answer.status)) throw new Error((await answer.json()).detail);
    await pause(1000 * (answer?.headers.get("Retry-After") ?? 1));
  }
}

/** Long polls: one request for each change, and one every half a minute. */
export async function longPoll(server, taskId, { key, onChange = () => {} } = {}) {
  let known = {};
  for (let wait = ""; ; wait = "?wait=30") {
    const answer = await persistently(`${server}/tasks/${taskId}${wait}`, { ...signed(key), ...known });
    if (answer.status === 304) continue; // nothing has changed for 30 s
    const task = await answer.json();
    onChange(task);
    if (FINAL.has(task.status)) return task;
    known = { "If-None-Match": answer.headers.get("ETag") };
  }
}

/** Server-sent events by `fetch`, which can send a key. */
export async function events(server, taskId, { key, onChange = () => {} } = {}) {
  let known = {};
  for (;;) {
    const answer = await persistently(`${server}/tasks/${taskId}/events`, { ...signed(key), ...known });
    for await (const event of eventsOf(answer.body)) {
      if (event.id) known = { "Last-Event-ID": event.id };
      if (!event.data) continue;
      const task = JSON.parse(event.data);
      onChange(task);
      if (FINAL.has(task.status)) return task;
    }
    await pause(1000); // it has ended, or was cut off: go on behind the last event
  }
}

async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let held = ""; ; ) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (done) return;
    const whole = (held + value).split("\n\n");
    held = whole.pop();
    for (const event of whole) yield Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/s)));
  }
}

/** Server-sent events by the browser's own `EventSource`: it comes again by itself, and can send no key. */
export function eventSource(server, taskId, { onChange = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(`${server}/tasks/${taskId}/events`);
    source.onmessage = ({ data }) => {
      const task = JSON.parse(data);
      onChange(task);
      if (!FINAL.has(task.status)) return;
      source.close();
      resolve(task);
    };
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) reject(new Error("The service refuses the stream"));
    };
  });
}

/** A WebSocket; the key goes as a subprotocol, since pages can set no header. */
export async function webSocket(server, taskId, { key, onChange = () => {} } = {}) {
  await persistently(`${server}/tasks/${taskId}`, signed(key)); // browsers do not say why a handshake was refused
  return new Promise((resolve, reject) => {
    let task;
    const connect = () => {
      const known = task ? `?starting_after=${task.revision}` : "";
      const url = `${server.replace(/^http/, "ws")}/tasks/${taskId}/ws${known}`;
      const socket = new WebSocket(url, key ? ["afterword", `bearer.${key}`] : ["afterword"]);
      socket.onmessage = ({ data }) => onChange((task = JSON.parse(data)));
      socket.onclose = ({ code, reason }) => {
        if (FINAL.has(task?.status)) resolve(task);
        else if (code > 4000 && !PASSING.has(code - 4000)) reject(new Error(reason));
        else setTimeout(connect, 1000);
      };
    };
    connect();
  });
}

if (globalThis.process?.argv[1]?.endsWith("waiting.mjs")) {
  const [way, taskId] = process.argv.slice(2);
  const { AFTERWORD_SERVER: server = "http://localhost:8080", AFTERWORD_KEY: key } = process.env;
  const onChange = ({ status, progress }) => console.error(status, progress ?? "");
  const task = await { longPoll, events, webSocket }[way](server, taskId, { key, onChange });
  console.log(JSON.stringify(task.result));
}
