// Browsers slow the timers of hidden pages down to one a minute, but not those
// of workers: without this a hidden desk would miss its pings and be closed.
setInterval(() => postMessage(0), 2_500);
