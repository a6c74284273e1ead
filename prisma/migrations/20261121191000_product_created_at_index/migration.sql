-- CreateIndex
-- For the list by age; alone in its file, as CONCURRENTLY cannot share a transaction.
CREATE INDEX CONCURRENTLY "product_created_at_id_idx" ON "product"("created_at", "id");
