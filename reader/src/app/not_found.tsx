import { Link } from "wouter";

/** What an address of no page shows. */
export function NotFound() {
  return (
    <main className="notice">
      <h1>Nothing is here</h1>
      <p>
        <Link href="/">All sessions</Link>
      </p>
    </main>
  );
}
