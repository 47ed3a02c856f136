// A resume, followed to its end by a subscription.
import { commitMutation, graphql, requestSubscription } from 'relay-runtime'

/** Resolves to the thread's id when it is READY. */
export async function resumed(environment, sessionId) {
  const threadId = await new Promise((resolve, reject) => {
    commitMutation(environment, {
      mutation: graphql`
        mutation resumeMutation($input: ResumeSessionInput!) {
          resumeSession(input: $input) { resumeTask { id threadId } }
        }
      `,
      variables: { input: { sessionId } },
      onCompleted: ({ resumeSession }) => resolve(resumeSession.resumeTask.threadId),
      onError: reject,
    })
  })
  return new Promise((resolve, reject) => {
    requestSubscription(environment, {
      subscription: graphql`
        subscription resumeSubscription($threadId: ID!) {
          resumeTask(threadId: $threadId) { id state }
        }
      `,
      variables: { threadId },
      onNext: ({ resumeTask }) => resumeTask.state === 'READY' && resolve(threadId),
      onError: reject,
    })
  })
}
