-- CreateIndex
-- For the list by price; alone in its file, as CONCURRENTLY cannot share a transaction.
CREATE INDEX CONCURRENTLY "product_price_cents_id_idx" ON "product"("price_cents", "id");
