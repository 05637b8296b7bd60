import { useSignal } from "@preact/signals";

/** SignInPage asks for name and password and goes on to the role's page. */
export function SignInPage() {
  const failure = useSignal("");
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
      });
      const body = (await response.json()) as { role?: string; user?: { role?: string }; detail?: string; title?: string };
      if (!response.ok) {
        failure.value = body.detail ?? body.title ?? "Sign-in failed";
        return;
      }
      const role = body.role ?? body.user?.role;
      location.assign(role === "agent" ? "/agent" : "/wallboard");
    } catch {
      failure.value = "The server cannot be reached.";
    } finally {
      busy.value = false;
    }
  }

  return (
    <main class="sign-in">
      <form onSubmit={(e) => void submit(e)}>
        <h1>Ringmaster</h1>
        <label>
          Name
          <input name="name" autocomplete="username" required autofocus />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <p role="alert" class="failure">
          {failure.value}
        </p>
        <button class="primary" disabled={busy.value}>
          Sign in
        </button>
      </form>
    </main>
  );
}
