import { Link } from "wouter";

/** The page at an address that has no other page. */
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
