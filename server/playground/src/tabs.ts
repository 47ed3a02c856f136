import deleteSession from "../tabs/delete_session.graphql?raw";
import filterSessions from "../tabs/filter_sessions.graphql?raw";
import followChanges from "../tabs/follow_changes.graphql?raw";
import followResume from "../tabs/follow_resume.graphql?raw";
import listSessions from "../tabs/list_sessions.graphql?raw";
import readSession from "../tabs/read_session.graphql?raw";
import readThread from "../tabs/read_thread.graphql?raw";
import renameSession from "../tabs/rename_session.graphql?raw";
import resumeSession from "../tabs/resume_session.graphql?raw";
import search from "../tabs/search.graphql?raw";
import variables from "../tabs/variables.json";

/** The tabs of the first visit: operations that work on the sample sessions. */
export const tabs = [
  { query: listSessions },
  { query: filterSessions, variables: text(variables.FilterSessions) },
  { query: search, variables: text(variables.Search) },
  { query: readSession, variables: text(variables.ReadSession) },
  { query: resumeSession, variables: text(variables.ResumeSession) },
  { query: followResume, variables: text(variables.FollowResume) },
  { query: readThread, variables: text(variables.ReadThread) },
  { query: followChanges },
  { query: renameSession, variables: text(variables.RenameSession) },
  { query: deleteSession, variables: text(variables.DeleteSession) },
];

function text(value: object): string {
  return JSON.stringify(value, null, 2);
}
