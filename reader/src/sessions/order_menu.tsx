import type { SessionOrderField } from "../gql/graphql";

const ORDERS: Partial<Record<SessionOrderField, string>> = {
  UPDATED_AT: "Newest activity",
  CREATED_AT: "Newest",
  TITLE: "Title",
  MESSAGE_COUNT: "Most messages",
  TOTAL_TOKENS: "Most tokens",
};

interface OrderMenuProps {
  order: SessionOrderField;
  onOrder: (order: SessionOrderField) => void;
}

export function OrderMenu({ order, onOrder }: OrderMenuProps) {
  return (
    <label className="order">
      <span>Order</span>
      <select
        aria-label="Order"
        value={order}
        onChange={(event) => onOrder(event.target.value as SessionOrderField)}
      >
        {Object.entries(ORDERS).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
