// What a page does to watch a task. Each function returns a promise of all that it has seen once nothing more can
// follow; `progressed` is a promise that it has seen the task under way.

function watcher(seen) {
  let tell;
  window.progressed = new Promise((resolve) => { tell = resolve; });
  return (task, id) => {
    seen.push({ id, task });
    if (task.progress) tell(true);
  };
}

function watchByEventSource(url) {
  const seen = { events: [], states: [] };
  const see = watcher(seen.events);
  const source = new EventSource(url);
  return new Promise((resolve) => {
    source.onmessage = (event) => see(JSON.parse(event.data), Number(event.lastEventId));
    source.onerror = () => {
      seen.states.push(source.readyState);
      if (source.readyState === EventSource.CLOSED) resolve(seen);
    };
  });
}

function watchByWebSocket(url, protocols = []) {
  const seen = { events: [], protocol: null, code: null };
  const see = watcher(seen.events);
  const socket = new WebSocket(url, protocols);
  return new Promise((resolve) => {
    socket.onopen = () => { seen.protocol = socket.protocol; };
    socket.onmessage = (event) => { const task = JSON.parse(event.data); see(task, task.revision); };
    socket.onclose = (event) => { seen.code = event.code; resolve(seen); };
  });
}

async function watchByFetch(url, key) {
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${key}` } });
  let text = "";
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) text += piece;
  return { status: answer.status, text };
}
