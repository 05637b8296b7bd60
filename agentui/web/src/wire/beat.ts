/** every calls tick about each 2.5 s, also while the page is hidden, until the given function is called. */
export function every(tick: () => void): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const byTimer = () => (timer ??= setInterval(tick, 2_500));
  try {
    const worker = new Worker(new URL("./beat.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = tick;
    worker.onerror = byTimer;
    return () => {
      worker.terminate();
      clearInterval(timer);
    };
  } catch {
    byTimer();
    return () => clearInterval(timer);
  }
}
