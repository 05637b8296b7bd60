import { useSignal } from "@preact/signals";

interface Answer {
  home?: string;
  detail?: string;
  title?: string;
}

/** SignInPage asks for name and password and goes on to the role's page. */
export function SignInPage() {
  const expired = new URLSearchParams(location.search).get("sign_in") === "link_expired";
  const failure = useSignal(expired ? "That link was used before or is too old. Sign in with your password, or ask for a new link." : "");
  const busy = useSignal(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    busy.value = true;
    failure.value = "";
    try {
      const response = await fetch("/v1/sign-in", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ name: form.get("name"), password: form.get("password") }),
        signal: AbortSignal.timeout(20_000),
      });
      const body = (await response.json()) as Answer;
      if (response.ok) {
        location.assign(body.home ?? "/");
        return;
      }
      failure.value = body.detail || body.title || "That did not work.";
    } catch {
      failure.value = "The server cannot be reached. Try again in a moment.";
    }
    busy.value = false;
  }

  return (
    <main class="sign-in">
      <form onSubmit={(e) => void submit(e)}>
        <h1>Ringmaster</h1>
        <label>
          Name
          <input name="name" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p role="alert" class="failure">
          {failure.value}
        </p>
        <button class="primary" disabled={busy.value}>
          {busy.value ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
