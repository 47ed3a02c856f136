import { SearchResults } from "../search/search_results";
import { useSearch } from "../search/use_search";
import { counted } from "../shared/format";
import { PageHead, type PageParts } from "./page_head";

/** What is found in the sessions of the view. */
export function FoundSessions(page: PageParts) {
  const search = useSearch(page.view.query, { sessions: 20, hits: 3 }, page.filter);
  const title = search.totalCount === undefined ? "Searching" : `Found in ${counted(search.totalCount, "session")}`;
  return (
    <>
      <PageHead {...page} title={title} />
      <SearchResults search={search} />
    </>
  );
}
