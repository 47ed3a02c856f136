import { SearchResults } from "../search/search_results";
import { useSearch } from "../search/use_search";
import { counted } from "../shared/format";
import { PageHead, type PageParts } from "./page_head";

/** What is found in the sessions of the view. */
export function FoundSessions(page: PageParts) {
  const search = useSearch(page.view.query, page.filter);
  return (
    <>
      <PageHead {...page} title={search.hitCount === undefined ? "Searching" : counted(search.hitCount, "hit")} />
      <SearchResults search={search} />
    </>
  );
}
