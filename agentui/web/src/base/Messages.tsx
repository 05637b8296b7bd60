import { dismiss, type Message, messages } from "../state";

/**
 * Messages are what is said once. Both regions are always there, so that
 * screen readers notice what comes into them; they lie over the page, so that
 * nothing moves.
 */
export function Messages() {
  const of = (kind: Message["kind"]) => messages.value.filter((m) => m.kind === kind).map((m) => <One key={m.id} message={m} />);
  return (
    <div class="messages">
      <div role="alert" data-testid="problems">
        {of("problem")}
      </div>
      <div role="status" data-testid="notices">
        {of("info")}
      </div>
    </div>
  );
}

function One({ message }: { message: Message }) {
  return (
    <p class={`message ${message.kind}`}>
      <span>{message.text}</span>
      <button type="button" aria-label="Dismiss" onClick={() => dismiss(message.id)}>
        ✕
      </button>
    </p>
  );
}
