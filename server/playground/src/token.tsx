import { Button, Dialog } from "@graphiql/react";
import type { FormEvent } from "react";

interface TokenDialogProps {
  token: string;
  /** Whether the server refused a request because the token is missing or wrong. */
  isRefused: boolean;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onToken: (token: string) => void;
}

/** Asks for the token that every caller must present. */
export function TokenDialog({ token, isRefused, isOpen, onOpenChange, onToken }: TokenDialogProps) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    onToken(String(new FormData(event.currentTarget).get("token")).trim());
  }

  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <form className="token" onSubmit={submit}>
        <div className="token-head">
          <Dialog.Title className="token-title">Token</Dialog.Title>
          <Dialog.Close />
        </div>
        <Dialog.Description className="token-text" role={token && isRefused ? "alert" : undefined}>
          {explanation(token, isRefused)} It is forgotten when this browser tab is closed.
        </Dialog.Description>
        <div className="token-entry">
          <input
            className="token-field"
            type="password"
            name="token"
            aria-label="Token"
            autoComplete="off"
            autoFocus
            spellCheck={false}
            defaultValue={token}
            pattern="\s*[!-~]*\s*"
            title="Letters, digits and signs of ASCII, without blanks"
          />
          <Button type="submit" state="success">
            Use
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function explanation(token: string, isRefused: boolean): string {
  if (!isRefused) {
    return "Sent with every request, if the server wants one (REPRISE_TOKEN).";
  }
  return token
    ? "The server refused this token."
    : "This server requires a token (REPRISE_TOKEN).";
}
