/** A text as a lower-case name: `getOrderByID` → `get-order-by-id`. Empty when nothing in it can be one. */
export function slug(text: string): string {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z]+|[^a-z0-9]+$/g, '')
    .replaceAll(/([._-])[._-]+/g, '$1')
}
