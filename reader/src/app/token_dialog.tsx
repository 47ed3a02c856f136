import type { FormEvent } from "react";

import { Dialog } from "../shared/dialog";

interface TokenDialogProps {
  token: string;
  onToken: (token: string) => void;
  onClose: () => void;
}

/** Asks for the bearer token that the server requires. */
export function TokenDialog({ token, onToken, onClose }: TokenDialogProps) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    onToken(String(new FormData(event.currentTarget).get("token")).trim());
  }

  return (
    <Dialog title="Token" onClose={onClose}>
      <form onSubmit={submit}>
        <p role={token ? "alert" : undefined}>
          {token ? "The server refused this token." : "This server requires a token (REPRISE_TOKEN)."} It is forgotten when
          this browser tab is closed.
        </p>
        <div className="dialog-line">
          <input
            className="field"
            type="password"
            name="token"
            aria-label="Token"
            autoComplete="off"
            autoFocus
            required
            spellCheck={false}
            pattern="\s*[!-~]+\s*"
            title="Letters, digits and signs of ASCII, without blanks"
          />
          <button type="submit" className="button primary">
            Use
          </button>
        </div>
      </form>
    </Dialog>
  );
}
