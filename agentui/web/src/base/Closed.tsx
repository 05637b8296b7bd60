import { CLOSE } from "../protocol.gen";
import { socket } from "../state";

/** Closed is what is left after the server's last word. */
export function Closed({ code, reason, children }: { code: number; reason: string; children?: preact.ComponentChildren }) {
  const out = code === CLOSE.bad_sign_in || code === CLOSE.signed_out;
  const title = code === CLOSE.taken_over ? "Another tab took over" : out ? "You are signed out" : "The connection was closed";
  return (
    <main class="alone" data-testid="closed" data-code={code}>
      <div role="alert">
        <h1>{title}</h1>
      </div>
      {code === CLOSE.taken_over ? (
        <p>This desk is open in another tab or on another computer, and the call is there now.</p>
      ) : (
        !out && reason && <p>{reason}</p>
      )}
      {children}
      {out ? (
        <a class="button primary" href="/">
          Sign in
        </a>
      ) : (
        <button type="button" class="primary" onClick={() => socket.start()}>
          {code === CLOSE.taken_over ? "Work in this tab" : "Connect again"}
        </button>
      )}
    </main>
  );
}
