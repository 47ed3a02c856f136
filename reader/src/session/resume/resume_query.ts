import { graphql } from "../../gql";

export const RESUME_PROGRESS = graphql(`
  fragment ResumeProgress on ResumeTask {
    id
    threadId
    state
    itemsWritten
    itemsTotal
    progress
    queuePosition
    error {
      message
    }
  }
`);

export const RESUME_SESSION = graphql(`
  mutation ResumeSession($input: ResumeSessionInput!) {
    resumeSession(input: $input) {
      userErrors {
        message
      }
      resumeTask {
        ...ResumeProgress
        session {
          id
          resumeTask {
            id
          }
        }
      }
    }
  }
`);

export const CANCEL_RESUME = graphql(`
  mutation CancelResume($input: CancelResumeInput!) {
    cancelResume(input: $input) {
      userErrors {
        message
      }
      resumeTask {
        ...ResumeProgress
      }
    }
  }
`);

export const RESUME_FOLLOWED = graphql(`
  subscription ResumeFollowed($threadId: ID!) {
    resumeTask(threadId: $threadId) {
      ...ResumeProgress
    }
  }
`);
